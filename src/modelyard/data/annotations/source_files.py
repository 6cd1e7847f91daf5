"""The files that hold a source's annotations: which, of which split, and their text."""

import codecs
from pathlib import Path
from typing import NamedTuple

from modelyard.config.annotation_section import AnnotationSource, Split
from modelyard.errors import UserError

from .listing import missing
from .places import PlaceError, Places

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class SourceFile(NamedTuple):
    """A file of annotations.

    Attributes:
        split: of all its images; None: it does not say.
        prefix: what its lines and ids are told apart by from those of other files.
    """

    path: Path
    split: Split | None
    prefix: str


def source_files(source: AnnotationSource) -> list[SourceFile]:
    """Return the file of annotations, or one for each split.

    Raises:
        UserError: one is missing, a folder, or behind a link out of root.
    """
    if isinstance(source.annotations, str):
        found = [SourceFile(source.root / source.annotations, None, "")]
    else:
        found = [
            SourceFile(source.root / name, split, f"{name}, ")
            for split, name in source.annotations.items()
        ]
    for one in found:
        check_file(source, one.path)
    return found


def listed_in(source: AnnotationSource) -> Path:
    """Return what errors call a source's annotations: the file, or what holds all of them."""
    inside = source.annotations
    return source.root / inside if isinstance(inside, str) else source.root


def check_file(source: AnnotationSource, file: Path) -> None:
    """Refuse a file of annotations that is missing, or that DVC would not track.

    Raises:
        UserError: it is that.
    """
    if file.is_dir():
        raise UserError(
            f"{file} is a folder; with data.annotation_type {source.annotation_type}, "
            "data.annotations in config.yaml must name a file."
        )
    if not file.is_file():
        raise missing(file)
    try:
        Places(source).check(file.relative_to(source.root).as_posix())
    except PlaceError as error:
        raise UserError(f"{error}.") from None


def check_folders(source: AnnotationSource) -> None:
    """Refuse a folder of images that is none, or that DVC would not track.

    Raises:
        UserError: it is that.
    """
    places = Places(source)
    for folder, _ in places.folders:
        if not (source.root / folder).is_dir():
            raise UserError(
                f"{source.root / folder} is not a folder; correct data.root and data.images in "
                "config.yaml, or `dvc pull` the data."
            )
        try:
            places.check(folder)
        except PlaceError as error:
            raise UserError(f"{error}.") from None


def read_text(source: AnnotationSource, file: Path) -> str:
    """Return the text of a file in `data.encoding`, without a byte order mark.

    Raises:
        UserError: it cannot be read so.
    """
    content = _content(file)
    try:
        encoding = codecs.lookup(source.encoding).name
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except LookupError:
        raise UserError(
            f"config.yaml: data.encoding is {source.encoding!r}, which is not a known encoding; "
            "write one such as utf-8, utf-16 or cp1252."
        ) from None
    except UnicodeDecodeError as error:
        text, why = "\0", f" ({error.reason} at byte {error.start})"
    except UnicodeError as error:
        text, why = "\0", f" ({error})"
    else:
        why = ""
    if "\0" in text:
        likely = "utf-16" if content.startswith(UTF_16) or "\0" in text[1:] else "cp1252"
        raise UserError(
            f"{file} is not text in {source.encoding}{why}; set data.encoding in config.yaml to "
            f"the one that it has, perhaps {likely}."
        )
    return text


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise missing(file) from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None
