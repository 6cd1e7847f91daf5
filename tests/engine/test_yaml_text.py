"""A YAML file that people wrote keeps its comments and its layout where it is changed."""

from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.yaml_text import YamlText

TEXT = """\
# On top.

first: 1  # why
second:
  - a  # one
  - "b"
nothing: null  # not set

tests:
  one: {x: 1}

last:  # of all
  deep: yes
"""


def changed(path: Path, text: str = TEXT) -> YamlText:
    path.write_text(text)
    return YamlText(path)


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("  - ", "- "), TEXT.replace("  - ", "    - ")])
def test_what_is_not_changed_stays_byte_for_byte(text: str, tmp_path: Path) -> None:
    assert changed(tmp_path / "a.yaml", text).text() == text


def test_changed_lines_look_like_the_others(tmp_path: Path) -> None:
    file = changed(tmp_path / "a.yaml")
    file.document["first"] = "much longer than it was"
    file.document["tests"] = {"two": 2}
    expected = TEXT.replace("first: 1 ", "first: much longer than it was ")
    assert file.text() == expected.replace("  one: {x: 1}", "  two: 2")


def test_what_is_not_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not valid YAML"):
        changed(tmp_path / "a.yaml", "a: [1")
