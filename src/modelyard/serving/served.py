"""A model that is served: requests in, answers out, short work in the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modelyard.errors import UserError
from modelyard.official.naming import is_name
from modelyard.tasks.kinds import Given

from .about import describe
from .batching import Batcher
from .forms import Upload
from .pace import Pace
from .places import Places
from .predicting import NotFiniteError, Predicting
from .uploads import decode, decode_short, read_upload

Answer = Any  # a document, a raw output or a UserError

Found = TypeVar("Found")

MOST = 32  # examples in a batch
DECODERS = 2  # threads that decode: an image may take hundreds of megabytes
SIZES = (1, 2, 4, 8, 16, MOST)  # of batches that are measured before the first request


class Example(NamedTuple):
    """An example, and whether the model's raw output is wanted instead of an answer."""

    given: Given
    raw: bool = False


class Served:
    """One model of a server; to be used in `async with`, which ends when all is answered.

    Attributes:
        name: what it is called, also in paths.
        version: of an official model, such as v1.0.0; None of any other.
        predictor: the model.
        about: what /model says of it.
        batcher: awaited with an example, it returns the answer, the raw output or a UserError.
        places: bound how many requests are read at a time.
        offers_examples: whether whoever asks may see examples of the test split.
        batch_of: called with the size of each batch.
    """

    def __init__(self, predictor: Predicting, places: Places, asked: str = "") -> None:
        """Take a model.

        Args:
            predictor: what answers.
            places: bound how many requests are read at a time, of all models together.
            asked: how the model was asked for: NAME@VERSION is its name, so that several
                versions can be served; anything else is not.
        """
        self.predictor, self.places = predictor, places
        self.about = describe(predictor)
        if "@" in asked and is_name(asked):
            self.about["name"] = asked
        self.offers_examples, self._examples = True, b""
        self.name, self.version = str(self.about["name"]), self.about["version"]
        self.batch_of: Callable[[int], object] = lambda _: None
        self._pace = Pace()
        self._decoding = Pace(unknown=0)  # `decode_short` says itself what is short
        self.batcher: Batcher[Example, Answer] = Batcher(
            self._answers, MOST, self._pace if _is_even(predictor) else None
        )
        self._decoders = ThreadPoolExecutor(DECODERS, "decoders")

    async def __aenter__(self) -> Self:
        await self.batcher.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._decoders.shutdown()
        await self.batcher.__aexit__(*error)

    def warm_up(self) -> None:
        """Compute batches of nothing, so that no request waits for what a model prepares once.

        Of each size two: the second tells how long one takes.
        """
        for size in SIZES:
            blank = self.predictor.kind.blank(size)
            self.predictor.outputs(blank)
            with self._pace.measured(size, in_loop=False):
                self.predictor.outputs(blank)

    async def predict(self, request: Request) -> Response:
        """Answer POST /predict.

        Raises:
            HTTPException: what was sent cannot be answered, or there is no place for it.
        """
        async with self.places:
            upload = await read_upload(request, self.predictor.kind)
            found = await self.answer(upload)
        body = orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY)
        return Response(body, media_type="application/json")

    async def examples(self, _: Request) -> Response:
        """Answer /examples; they are read when the first page asks for them."""
        if not self._examples:
            from .examples import examples_of  # every kind, of which a server needs one to start

            find = partial(examples_of, self.predictor, offered=self.offers_examples)
            found = await asyncio.to_thread(find)
            self._examples = orjson.dumps(found)
        return Response(self._examples, media_type="application/json")

    async def answer(self, upload: Upload) -> dict[str, Any]:
        """Return what the model says of an example, as JSON.

        Raises:
            HTTPException: it cannot be read, or the model has no finite answer to it.
        """
        given, short = self._decoded(upload), True
        if given is None:
            given, short = await self.in_thread(self._decode, upload), False
        found = await self.batcher(Example(given), short=short)
        if isinstance(found, UserError):
            raise HTTPException(422, str(found))
        answer: dict[str, Any] = found
        return answer

    async def in_thread(self, function: Callable[..., Found], *arguments: Any) -> Found:
        """Return what a function returns that may take long; few run at a time."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._decoders, function, *arguments)

    def _decode(self, upload: Upload) -> Given:
        with self._decoding.measured(len(upload[0]), in_loop=False):
            return decode(upload, self.predictor.kind)

    def _decoded(self, upload: Upload) -> Given | None:
        """Return an example that is decoded in a moment; None of any other."""
        size = len(upload[0])
        if not self._decoding.is_short(size):
            return None
        with self._decoding.measured(size, in_loop=True):
            return decode_short(upload, self.predictor.kind)

    def _answers(self, examples: Sequence[Example]) -> list[Answer]:
        """Return an answer to each; what the model cannot answer does not fail its company."""
        self.batch_of(len(examples))
        try:
            said = self.predictor.said([one.given for one in examples])
            return [
                output.values if one.raw else self.predictor.told(one.given, output)
                for one, output in zip(examples, said, strict=True)
            ]
        except NotFiniteError:
            if len(examples) == 1:
                sentence = self.predictor.blame()
                return [UserError(f"{sentence[0].upper()}{sentence[1:]}.")]
            return [answer for one in examples for answer in self._answers([one])]


def _is_even(predictor: Predicting) -> bool:
    """Say whether equal numbers of examples take equally long, in whatever thread."""
    shapes = (spec.shape for spec in predictor.kind.inputs.values())
    return predictor.ANY_THREAD and all(None not in shape for shape in shapes)
