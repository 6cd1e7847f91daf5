"""Official models: named by their content, checked, sent to every bucket, described, versioned."""
