"""Adapters that `python -m src.zoo add` copies to models/NAME/adapter.py."""
