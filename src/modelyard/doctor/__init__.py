"""What is set up, what is not, and the command that mends it: `modelyard doctor`."""
