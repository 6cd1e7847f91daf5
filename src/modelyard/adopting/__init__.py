"""Adopting data: look at a folder, say what is there, and make a project learn from it."""
