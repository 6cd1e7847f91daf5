"""YAML that people wrote, changed here and there: comments, order, quotes and layout stay."""

import re
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from .errors import UserError

FIRST_LIST = re.compile(r"^( *)[^\s#-][^\n]*:[^\n:]*\n( *)- ", re.MULTILINE)
VALUE = r"""(?:"[^"]*"|'[^']*'|[^"'#]*[^"'#\s])"""
COMMENTED = re.compile(rf"^(\s*(?:- )?[\w.]+:(?: {VALUE})?) +(# )")  # a value, then a comment


class YamlText:
    """The text of a YAML file, to be changed through its document.

    Attributes:
        document: a mapping; `text` gives it with all comments that its keys had.
    """

    document: CommentedMap

    def __init__(self, path: Path) -> None:
        """Read a file; one that is not there is an empty mapping.

        Raises:
            UserError: it is not YAML.
        """
        self._before = path.read_text(encoding="utf-8") if path.is_file() else ""
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = 4096  # one value stays on one line
        self._yaml.representer.add_representer(type(None), _null)
        if found := FIRST_LIST.search(self._before):
            offset = len(found[2]) - len(found[1])
            self._yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
        try:
            document = self._yaml.load(self._before)
        except YAMLError as error:
            raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from None
        self.document = CommentedMap() if document is None else document

    def text(self) -> str:
        """Return the document as text; lines that changed are laid out like the others."""
        dumped = StringIO()
        self._yaml.dump(self.document, dumped)
        before = self._before.splitlines()
        known = set(before)
        apart = {line for above, line in pairwise(before) if line and not above}
        lines: list[str] = []
        for line in dumped.getvalue().splitlines():
            if line in apart and lines and lines[-1]:  # ruamel drops it with what stood above
                lines.append("")
            lines.append(line if line in known else COMMENTED.sub(r"\1  \2", line))
        return "\n".join(lines) + "\n"


def _null(representer: Any, _: None) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")
