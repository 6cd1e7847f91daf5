"""The section `data` of the root config.yaml where an example is a text."""

from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from .annotation_values import ColumnName, Delimiter, Encoding, Places
from .shared_section import SharedData

TextFormat = Literal["folders", "csv", "jsonl"]
TextColumn = Literal["text", "class", "labels"]
Standardize = Literal["none", "lower", "strip_punctuation", "lower_and_strip_punctuation"]
LARGEST = 1_000_000  # bytes of a text as UTF-8; what is larger is neither an example nor a request
MOST_TOKENS = 100_000  # of a text; each costs memory in every batch
MOST_KNOWN = 10_000_000
MOST_NGRAMS = 10
FOR_SOME: dict[str, tuple[TextFormat, ...]] = {  # keys that other formats have no use for
    "file": ("csv", "jsonl"),
    "columns": ("csv", "jsonl"),
    "delimiter": ("csv",),
    "split_column": ("csv", "jsonl"),
    "group_column": ("csv", "jsonl"),
}


def _columns(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("must give names of columns, such as {text: review, class: stars}")
    for key in value:
        if key not in get_args(TextColumn):
            raise ValueError(f"{key!r} is not known; allowed are {', '.join(get_args(TextColumn))}")
    if {"class", "labels"} <= value.keys():
        raise ValueError("names class and labels; a text has one class, or several labels")
    return value


TextColumns = Annotated[dict[TextColumn, ColumnName], BeforeValidator(_columns)]


class TextData(SharedData):
    r"""`data` where an example is a text.

    Attributes:
        format: folders is one folder per class, each file in it one text; csv and jsonl are tables
            with one text per row.
        file: the table, relative to root; or one for each of train, validation and test, or some of
            them.
        columns: the names in a CSV's header, or the keys of JSON lines, by what they mean here:
            text, and class or labels (several, with ";" between them or as a list of JSON); or
            positions from 1 in a CSV without a header.
        delimiter: between the columns of a CSV: one character, a tab is "\t".
        encoding: of all files, as Python names it, such as utf-16 or cp1252.
        split_column: a column with the split of each text.
        group_column: a column; texts of one group are never divided by splits.
        tokens: what a text is cut into: words at white space, or characters.
        ngrams: up to so many tokens in a row are one, too; 1 is each alone.
        standardize: what a text loses before: nothing, capital letters of English, punctuation, or
            both.
        vocabulary_size: the most frequent tokens of the training split that a model knows, with one
            for all others and one for what a short text is filled up with.
        max_tokens: of a text that a model sees; the rest of a longer one is cut off.
    """

    NOUN: ClassVar[str] = "text"

    task: Literal["text_classification"]
    format: TextFormat
    file: Places = "."
    columns: TextColumns = Field(default={})
    delimiter: Delimiter = ","
    encoding: Encoding = "utf-8"
    split_column: ColumnName | None = None
    group_column: ColumnName | None = None
    tokens: Literal["words", "characters"] = "words"
    ngrams: Annotated[int, Field(ge=1, le=MOST_NGRAMS)] = 1
    standardize: Standardize = "lower_and_strip_punctuation"
    vocabulary_size: Annotated[int, Field(ge=3, le=MOST_KNOWN)] = 20_000
    max_tokens: Annotated[int, Field(ge=1, le=MOST_TOKENS)] = 256

    @model_validator(mode="after")
    def _keys_of_the_format(self) -> Self:
        """Refuse what would be ignored in silence, and a table without its file."""
        for key, formats in FOR_SOME.items():
            default = type(self).model_fields[key].default
            if self.format not in formats and getattr(self, key) != default:
                raise ValueError(
                    f"{key} is for format {' or '.join(formats)}, not for {self.format}; drop it"
                )
        if self.format != "folders" and self.file == ".":
            raise ValueError(
                f"file is missing: with format {self.format} it names the table, relative to "
                f"root, such as texts.{self.format}"
            )
        if isinstance(self.file, dict) and self.split_column is not None:
            raise ValueError(
                "file and split_column both say which split a text is in; drop one of them"
            )
        return self

    @model_validator(mode="after")
    def _names_or_positions(self) -> Self:
        named = {f"columns.{key}": one for key, one in self.columns.items()}
        others = {"split_column": self.split_column, "group_column": self.group_column}
        found = [(key, one) for key, one in (named | others).items() if one is not None]
        positions = [key for key, one in found if isinstance(one, int)]
        if positions and self.format == "jsonl":
            raise ValueError(f"{positions[0]} is a position; JSON lines have keys, write a name")
        if positions and len(positions) < len(found):
            name = next(key for key, one in found if isinstance(one, str))
            raise ValueError(
                "columns, split_column and group_column mix names and positions; write names for "
                "a file with a header, positions from 1 for one without "
                f"({name} is a name, {positions[0]} a position)"
            )
        return self
