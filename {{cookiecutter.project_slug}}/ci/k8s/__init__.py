"""A search over several machines of a Kubernetes cluster; see README.md in this folder."""
