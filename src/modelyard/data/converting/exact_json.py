"""JSON in which numbers keep all digits that they were read with."""

import json
from typing import Any

from modelyard.data.annotations.exact import Exact


def exact_json(value: Any, indent: str = "") -> str:
    """Return a document as indented JSON; lists of numbers stay on one line."""
    inner = indent + "  "
    if isinstance(value, Exact):
        return str(value)
    if isinstance(value, dict) and value:
        pairs = (f"{json.dumps(key)}: {exact_json(one, inner)}" for key, one in value.items())
        return "{\n" + ",\n".join(inner + pair for pair in pairs) + f"\n{indent}}}"
    if isinstance(value, list | tuple) and value:
        parts = [exact_json(one, inner) for one in value]
        if not any(isinstance(one, dict | list | tuple) for one in value):
            return "[" + ", ".join(parts) + "]"
        return "[\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}]"
    return json.dumps(value)
