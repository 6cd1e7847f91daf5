"""Rows of a table: read, their columns' types found, and what models learn of them fitted."""
