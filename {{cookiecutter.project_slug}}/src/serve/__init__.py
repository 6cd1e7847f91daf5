"""A saved model behind HTTP: `python -m src.serve MODEL`."""
