"""Official models for whoever uses them: where they are described, fetched, verified."""
