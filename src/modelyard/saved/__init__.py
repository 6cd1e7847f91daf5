"""Saved models: loaded from `.keras`, exported to other forms, and run in each of them."""
