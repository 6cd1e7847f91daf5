"""Files that list the images of a split, one per line, as `data.split_lists` names them."""

from collections.abc import Iterator

from modelyard.config.annotation_section import AnnotationSource, Split
from modelyard.errors import UserError

from .listing import Bad, Listing
from .places import PlaceError, Places
from .source_files import check_file, read_text


def apply_split_lists(source: AnnotationSource, listing: Listing) -> None:
    """Give the images of a listing the split whose file lists them; drop those in no list.

    An image in the lists of two splits is left out as bad; so is a line without an image.

    Raises:
        UserError: a file cannot be read, or no image is left.
    """
    if not source.split_lists:
        return
    splits: dict[str, tuple[Split, str]] = {}
    twice: set[str] = set()
    for split, where, path in _lines(source, listing):
        listed = listing.images.get(path)
        if listed is None:
            listing.bad.append(Bad(where, f"{path} has no annotation"))
            continue
        known = splits.setdefault(path, (split, where))
        given = (listed.split, listed.where) if listed.split else known
        for other, there in (known, given):
            if other != split and path not in twice:
                twice.add(path)
                listing.bad.append(Bad(where, f"{path} is in {other}, too, by {there}"))
    unlisted = [path for path in listing.images if path not in splits]
    for path in [*unlisted, *twice]:
        del listing.images[path]
    for path, listed in listing.images.items():
        listed.split = splits[path][0]
    _report(source, listing, unlisted)


def _lines(source: AnnotationSource, listing: Listing) -> Iterator[tuple[Split, str, str]]:
    """Yield split, where and the image's path of every line that names one."""
    places = Places(source)
    for split, name in source.split_lists.items():
        file = source.root / name
        check_file(source, file)
        for number, line in enumerate(read_text(source, file).splitlines(), 1):
            if not line.strip():
                continue
            where = f"{name}, line {number}"
            listing.entries += 1
            try:
                yield split, where, places.find(line.strip(), split).path
            except PlaceError as error:
                listing.bad.append(Bad(where, str(error)))


def _report(source: AnnotationSource, listing: Listing, unlisted: list[str]) -> None:
    lists = ", ".join(source.split_lists.values())
    if not listing.images:
        raise UserError(
            f"{listing.file}: none of its images is in {lists}; correct data.split_lists in "
            "config.yaml."
        )
    if unlisted:
        listing.notes.append(
            f"{listing.file}: images in none of {lists} are left out: {len(unlisted)}, first "
            f"{', '.join(unlisted[:3])}."
        )
