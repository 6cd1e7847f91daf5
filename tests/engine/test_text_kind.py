"""Texts that people predict of: files, lines and rows of them, and what the server is sent."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.config.text_section import LARGEST
from modelyard.errors import UserError
from modelyard.tasks.kinds import TooLargeError, kind_of

DESCRIBED = {"kind": "text", "tokens": "words", "max_tokens": 4, "column": "body"}


def kind(**more: Any) -> Any:
    return kind_of({"input": DESCRIBED | more})


def read(*paths: Path, **more: Any) -> list[tuple[str, Any, Any]]:
    found = kind(**more).find(paths)
    return [
        (one.values["text"].decode(), Path(one.where["path"]).name, one.where["row"])
        for one in kind(**more).read(found)
    ]


def test_a_text_file_has_one_text_per_line_and_others_are_one_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffone\r\n\r\nzwei ü\n".encode())
    (tmp_path / "b.py").write_text("import os\nimport re\n")
    assert read(tmp_path / "a.txt") == [("one\n", "a.txt", 1), ("zwei ü\n", "a.txt", 3)]
    assert "a.txt: 1 empty line left out." in capsys.readouterr().err
    assert read(tmp_path) == [
        ("one\n\nzwei ü\n", "a.txt", ""), ("import os\nimport re\n", "b.py", "")
    ]  # fmt: skip


def test_a_row_of_a_table_is_one_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("id,body\n1,one\n2,\n3,three\n")
    (tmp_path / "b.jsonl").write_text('{"body": "four"}\n{"id": 5}\n{"body": 6}\n')
    (tmp_path / "c.tsv").write_text("anything\nseven\n")
    (tmp_path / "d.csv").write_text("id,text\n1,one\n")
    assert read(tmp_path) == [
        ("one", "a.csv", 1), ("three", "a.csv", 3), ("four", "b.jsonl", 1), ("seven", "c.tsv", 1)
    ]  # fmt: skip
    said = capsys.readouterr().err
    for one in ("a.csv, row 2: the text is empty", "b.jsonl, row 2: it has no key 'body'",
                "b.jsonl, row 3: 'body' is not a text", "d.csv has no column 'body'"):  # fmt: skip
        assert one in said


def test_what_is_no_text_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "b.txt").write_bytes("größer".encode("cp1252"))
    with (tmp_path / "c.log").open("w") as file:
        file.write("x" * (LARGEST + 1))
    (tmp_path / "d.txt").write_text("one two three four five")
    found = kind().find([tmp_path])
    assert [one.values["text"] for one in kind().read(found)] == [b"one two three four five"]
    assert found.said() == "left out: 1 .png"
    assert found.skipped == 2
    said = capsys.readouterr().err
    assert "b.txt: line 1 is not text in utf-8 (invalid" in said
    assert "c.log: the text has 1,000,001 bytes, and 1,000,000 are allowed." in said
    assert "note: 1 text has more than 4 tokens; the rest is not looked at." in said


@pytest.mark.parametrize(
    ("body", "media"),
    [(b'{"text": "f\\u00fcr\\r\\nuns"}', "application/json"), ("für\nuns".encode(), "text/plain")],
)
def test_a_request_holds_one_text(body: bytes, media: str) -> None:
    given = kind().decode(body, media)
    assert given.values == {"text": "für\nuns".encode()}
    assert kind().told(given) == {}


def test_the_answer_tells_that_a_text_is_cut() -> None:
    given = kind().decode(b"one two three four five", "text/plain")
    assert kind().told(given) == {"cut_after_tokens": 4}


REFUSED = [
    (b" \n", "text/plain", UserError, "The text is empty: send JSON such as"),
    (b"gr\xf6\xdfer", "text/plain", UserError, "The text is not UTF-8 (byte 3 is 0xf6)"),
    (b"x" * (LARGEST + 1), "text/plain", TooLargeError, "The text has 1,000,001 bytes"),
    (b'{"text": 3}', "application/json", UserError, "'text' is not a text"),
    (b'{"txt": "a"}', "application/json", UserError, "unknown key 'txt' (did you mean 'text'?)"),
    (b'{"text": "\\ud800"}', "application/json", UserError, "half a character"),
    (b"one", "application/json", UserError, "The JSON is not valid ("),
]


@pytest.mark.parametrize(("body", "media", "error", "what"), REFUSED)
def test_a_request_that_holds_none_is_refused_in_one_sentence(
    body: bytes, media: str, error: type[UserError], what: str
) -> None:
    with pytest.raises(error) as found:
        kind().decode(body, media)
    assert what in str(found.value)
    assert type(found.value) is error


def test_a_description_says_all_that_reading_needs() -> None:
    described = kind().described()
    assert kind_of({"input": described}).described() == described
    assert described["column"] == "body"
    assert described["max_bytes"] == LARGEST
