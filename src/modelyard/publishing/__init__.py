"""Publishing: official models, the package, the site, and where they go."""
