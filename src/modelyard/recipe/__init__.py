"""The recipe of a training: what params and the architecture's module say, as Keras objects."""
