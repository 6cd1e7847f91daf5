"""A search over several machines of a Kubernetes cluster."""
