"""Texts: files of them, lines of a .txt, rows of a table, or what somebody sends to the server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel

from modelyard.config.text_section import LARGEST
from modelyard.data.manifest import STRING, ArraySpec, Manifest, Specs
from modelyard.data.text.reading import cleaned, lines_of, problem, read_whole
from modelyard.data.text.tokens import VOCABULARY, Tokens, read_vocabulary
from modelyard.errors import UserError
from modelyard.faults import machine_fault

from . import Found, Given, Kind, TooLargeError
from .bodies import check_keys, check_text, json_object, text_of
from .found import find_files, shown
from .rows import ROWS, read_rows
from .schemas import object_schema

if TYPE_CHECKING:
    import keras

UTF_8 = "utf-8"
BEGINNING = 4096  # bytes of a file that tell whether it is text


class _Described(BaseModel):
    """What `described` returns, and what of a manifest's settings is read."""

    tokens: Literal["words", "characters"] = "words"
    ngrams: int = 1
    standardize: str = "none"
    max_tokens: int = 0
    max_bytes: int = LARGEST
    column: str = "text"


@dataclass
class _FoundTexts(Found):
    """Files of texts; those named themselves, not found below a folder, may hold one per line."""

    named: frozenset[Path] = field(default_factory=frozenset)


class Text(Kind):
    """Texts of any length up to some bytes."""

    NAME: ClassVar[str] = "text"
    MANY: ClassVar[str] = "texts"
    BATCH: ClassVar[str] = "texts: bytes of UTF-8 (batch,) in an array of objects"
    PLACES: ClassVar[str] = (
        "text files, folders of them, a .txt of one text per line, or .csv, .tsv or .jsonl files"
    )
    MEDIA: ClassVar[tuple[str, ...]] = ("application/json", "text/plain")
    FIELD: ClassVar[str | None] = "text"
    HOW = (
        'send JSON such as {"text": "…"}, the text itself with the Content-Type text/plain, or a '
        "form with the field text"
    )

    def __init__(self, settings: Mapping[str, Any], inputs: Specs) -> None:
        """Take how texts are cut."""
        del inputs
        self.inputs = {"text": ArraySpec(shape=(), dtype=STRING)}
        self.known = _Described.model_validate(dict(settings))
        self.tokens = Tokens.of(self.known)

    def described(self) -> dict[str, Any]:
        """Return how many bytes and tokens a text may have, and how it is cut into tokens."""
        return {"kind": "text", **self.known.model_dump()}

    def takes(self) -> str:
        """Say what is seen of a text."""
        return f"texts in UTF-8, of which the first {self.known.max_tokens:,} tokens are seen"

    def encoder(self, manifest: Manifest, folder: Path) -> "keras.Model":
        """Return the model from texts to tokens int32 (batch, max_tokens), filled up with 0."""
        import keras

        text = keras.Input((), dtype="string", name="text")
        found = keras.layers.TextVectorization(
            **self.tokens.layer,
            output_sequence_length=manifest.encoded["tokens"].shape[0],
            vocabulary=read_vocabulary(folder / VOCABULARY),
            name="vocabulary",
        )(text)
        return keras.Model(text, keras.ops.cast(found, "int32"), name="encoder")

    def find(self, paths: Sequence[Path]) -> Found:
        """Return the files named, and those below the folders named that are text."""
        found = find_files(paths, _not_a_text, self.PLACES)
        named = frozenset(path for path in paths if path.is_file())
        return _FoundTexts(found.files, found.left_out, found.plurals, named=named)

    def read(self, found: Found) -> Iterator[Given]:
        """Yield the texts of all files; say how many are cut."""
        cut = 0
        for file in found.files:
            for raw, row in self._texts(file, found):
                place = f"{file}, row {row}" if row else f"{file}"
                text = cleaned(raw)
                if why := problem(text):
                    found.skip(f"{place}: {why}.")
                    continue
                cut += self._is_cut(text)
                yield Given({"text": text.encode()}, {"path": shown(file), "row": row})
        if cut:
            are = "1 text has" if cut == 1 else f"{cut:,} texts have"
            found.note(
                f"{are} more than {self.known.max_tokens:,} tokens; the rest is not looked at."
            )

    def decode(self, body: bytes, media: str) -> Given:
        """Return the text of a JSON object, or the body as it is."""
        if media == "application/json":
            found = json_object(body, self.HOW)
            check_keys(found, ["text"], ["text"], self.HOW)
            if not isinstance(found["text"], str):
                raise UserError(f"'text' is not a text: {self.HOW}.")
            text = check_text(found["text"], "text", self.HOW)
        else:
            text = text_of(body, self.HOW)
        text = cleaned(text)
        if why := problem(text):
            large = len(text) > self.known.max_bytes // 4 and text.strip()
            raise (TooLargeError if large else UserError)(f"{why[0].upper()}{why[1:]}: {self.HOW}.")
        return Given({"text": text.encode()})

    def schema(self) -> dict[str, Any]:
        """Return an object with the key `text`."""
        text = {"type": "string", "pattern": r"\S", "maxLength": LARGEST}
        return object_schema({"text": text}, ["text"])

    def told_schema(self) -> dict[str, Any]:
        """Return what `told` may say."""
        return {"cut_after_tokens": {"type": "integer", "minimum": 1}}

    def told(self, given: Given) -> dict[str, Any]:
        """Return that a text is cut, if it is."""
        cut = self._is_cut(given.values["text"])
        return {"cut_after_tokens": self.known.max_tokens} if cut else {}

    def _is_cut(self, text: str | bytes) -> bool:
        most = self.known.max_tokens
        raw = text.encode() if isinstance(text, str) else text
        return 0 < most < len(raw) * self.known.ngrams and len(self.tokens.cut(raw)) > most

    def _texts(self, file: Path, found: Found) -> Iterator[tuple[str, int | str]]:
        """Yield the texts of a file, each with its line or row; "" where it is the whole file."""
        suffix = file.suffix.lower()
        try:
            if suffix in ROWS:
                yield from self._rows(file, found)
            elif suffix == ".txt" and isinstance(found, _FoundTexts) and file in found.named:
                empty = 0
                for number, line in enumerate(lines_of(file, UTF_8), 1):
                    empty += not line.strip()
                    if line.strip():
                        yield line, number
                if empty:
                    found.note(f"{file}: {empty} empty line{'s' if empty > 1 else ''} left out.")
            else:
                yield read_whole(file, UTF_8), ""
        except OSError as error:
            if machine_fault(error):
                raise
            found.skip(f"{file} cannot be opened ({error.strerror or error}).")
        except ValueError as error:
            found.skip(f"{file}: {str(error).partition(';')[0]}.")

    def _rows(self, file: Path, found: Found) -> Iterator[tuple[str, int | str]]:
        column, is_json = self.known.column, file.suffix.lower() == ".jsonl"
        for row, cells in read_rows(file, found):
            if column in cells or (len(cells) == 1 and not is_json):
                text = cells.get(column, next(iter(cells.values())))
                if isinstance(text, str):
                    yield text, row
                else:
                    found.skip(f"{file}, row {row}: {column!r} is not a text.")
            elif is_json:
                found.skip(f"{file}, row {row}: it has no key {column!r}.")
            else:
                found.skip(f"{file} has no column {column!r}, only {', '.join(cells)}.")
                return


KIND = Text


def _not_a_text(file: Path) -> str | None:
    """Say what a file is that is left out; None if it is text."""
    with file.open("rb") as raw:
        binary = b"\0" in raw.read(BEGINNING)
    return (file.suffix.lower() or "without suffix") if binary else None
