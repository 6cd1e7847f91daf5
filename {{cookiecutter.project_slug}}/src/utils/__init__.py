"""Helpers of this project."""
