"""Which files are templates of official models: templates/<model>.yaml, or a copy of one."""

from pathlib import Path


def is_template(path: Path | None) -> bool:
    """Say whether a file is a template, and not a model's configuration."""
    if path is None or not path.is_file():
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(line.startswith("train_config:") for line in text.splitlines())
