"""The report of a training: what changed against the base branch, with pictures."""
