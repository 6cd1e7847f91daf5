"""What learns: data, models, training and evaluation. Nothing here imports `ci`."""
