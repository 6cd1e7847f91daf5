"""A saved model behind HTTP: `modelyard serve MODEL`."""
