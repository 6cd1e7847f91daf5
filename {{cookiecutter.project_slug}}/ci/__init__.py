"""What ships models and runs their training elsewhere; `src` never imports it."""
