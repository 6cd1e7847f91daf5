"""From one format of annotations to another: recognised, fitted to the target, written."""
