"""What ships, and what trains elsewhere; `src` never imports it."""
