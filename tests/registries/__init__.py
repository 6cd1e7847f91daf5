"""Real servers for packages, on loopback: a package index and an HTTP store of files."""
