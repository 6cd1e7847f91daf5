"""Texts: read and checked, and the vocabulary of those that models learn from."""
