"""What DVC knows of a project: stages, artifacts, results, its remote."""
