"""Looking at a folder: what of it annotates images, and how."""
