"""Saved models: what they consist of, how they are loaded, fetched and exported."""
