"""What every other room may use: configuration, files, provenance. No TensorFlow in here."""
