"""Adapters that `modelyard zoo add` copies to models/NAME/adapter.py."""
