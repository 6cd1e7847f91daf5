"""A text and a row of a table as kinds of examples, and a model that says what it was given."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np

from modelyard.data.manifest import ArraySpec, Specs
from modelyard.errors import UserError
from modelyard.serving.predicting import Predicting
from modelyard.tasks import Output
from modelyard.tasks.kinds import Found, Given, Inputs, Kind, TooLargeError
from modelyard.tasks.kinds.bodies import check_keys, json_object, text_of

VISIT, EXAMPLE = "first visit to the doctor in charge", "28.02.2026"
COLUMNS: list[dict[str, Any]] = [
    {"name": "age", "type": "number", "required": True, "example": 41.5},
    {"name": "city", "type": "category", "required": False, "choices": ["Rome", "Oslo"]},
    {"name": "smoker", "type": "boolean", "required": False, "example": True},
    {"name": VISIT, "type": "date", "format": "%d.%m.%Y", "required": False, "example": EXAMPLE},
]


class Unread(Kind):
    """What is only sent to a server."""

    def __init__(self, settings: Mapping[str, Any], inputs: Specs) -> None:
        self.settings, self.inputs = dict(settings), inputs

    def described(self) -> dict[str, Any]:
        return self.settings

    def find(self, paths: Sequence[Path]) -> Found:
        raise NotImplementedError

    def read(self, found: Found) -> Iterator[Given]:
        raise NotImplementedError


class Texts(Unread):
    NAME: ClassVar[str] = "text"
    MANY: ClassVar[str] = "texts"
    MEDIA: ClassVar[tuple[str, ...]] = ("application/json", "text/plain")
    FIELD: ClassVar[str | None] = "text"
    HOW = 'send JSON such as {"text": "…"}, or the text as the body'

    def decode(self, body: bytes, media: str) -> Given:
        text = text_of(body, self.HOW)
        if media == "application/json":
            found = json_object(body, self.HOW)
            check_keys(found, ["text"], ["text"], self.HOW)
            text = found["text"]
        if not text.strip():
            raise UserError(f"The text is empty: {self.HOW}.")
        if len(text) > 1000:
            raise TooLargeError("The text has more than 1000 characters; send a shorter one.")
        return Given({"text": text})


class Rows(Unread):
    NAME: ClassVar[str] = "row"
    MANY: ClassVar[str] = "rows"
    MEDIA: ClassVar[tuple[str, ...]] = ("application/json",)
    HOW = 'send a JSON object such as {"age": 41.5, "city": "Rome"}'

    def decode(self, body: bytes, media: str) -> Given:
        del media
        found = json_object(body, self.HOW)
        check_keys(found, ["age"], [one["name"] for one in COLUMNS], self.HOW)
        if not isinstance(found["age"], int | float):
            raise UserError(f"'age' is {found['age']!r}, not a number: {self.HOW}.")
        return Given({"numbers": [found["age"]], "categories": [json.dumps(found)]})


STRING = ArraySpec(shape=(), dtype="string")
KINDS: dict[str, Kind] = {
    "text": Texts({"kind": "text"}, {"text": STRING}),
    "table": Rows(
        {"kind": "table", "columns": COLUMNS},
        {
            "numbers": ArraySpec(shape=(1,), dtype="float64"),
            "categories": ArraySpec(shape=(1,), dtype="string"),
        },
    ),
}


class Says(Predicting):
    """Stands for a model and its task: classes that do not change, or the number it was given.

    Attributes:
        batches: how many examples each call was given.
        given: the texts of the last one.
    """

    def __init__(self, folder: Path, kind: str, activation: str = "probabilities") -> None:
        self.file, self.folder, self.kind = folder / "model.keras", folder, KINDS[kind]
        self.batches: list[int] = []
        self.given: list[str] = []
        output = {"activation": activation, "classes": [] if activation == "number" else ["a", "b"]}
        self.about = {"model": "says", "task": "none", "input": {}, "output": output}
        self.task = cast("Any", self)

    def _say(self, inputs: Inputs) -> np.ndarray:
        columns = inputs if isinstance(inputs, dict) else {"categories": inputs}
        self.given = [bytes(one).decode() for one in columns["categories"].ravel()]
        self.batches.append(len(self.given))
        return columns.get("numbers", np.zeros((len(self.given), 1)))

    def answer(self, output: Output) -> list[dict[str, Any]]:
        value = float(output.values[0])
        if self.about["output"]["activation"] == "number":
            return [{"target": "pressure", "value": value}]
        names = ["Python", "a language with a long name", *(f"language {n}" for n in range(12))]
        shares = [0.5**place for place in range(1, len(names) + 1)]
        return [
            {"class": name, "probability": share} for name, share in zip(names, shares, strict=True)
        ]
