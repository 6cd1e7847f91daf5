"""A zoo of models: choose one by how much accuracy, speed and memory matter to you."""
