"""Training on a machine of a cloud: started, watched, cleaned up after."""
