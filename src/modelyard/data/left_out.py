"""Lists beside the prepared data: what was left out of it, and what is in two splits."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from modelyard.config.data_section import ImageData, SharedData
from modelyard.errors import UserError
from modelyard.files import write_csv

from .annotations import Listing
from .annotations.listing import Bad
from .annotations.places import Places

MOST_NAMED = 3


def list_file(config: SharedData, name: str) -> Path:
    """Return where a list lies: beside the folder of prepared data, not in it.

    So no stage depends on it, and a run that fails can leave one too.
    """
    return config.processed.with_name(f"{config.processed.name}-{name}.csv")


def write_list(file: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write a list, or remove an old one where nothing is to be listed."""
    if rows:
        write_csv(file, rows)
    else:
        file.unlink(missing_ok=True)


def judge_left_out(config: SharedData, listing: Listing) -> None:
    """List and name all that is left out, and refuse more of it than `max_bad_share`.

    Image files that no usable entry names are listed as well, and refuse nothing.

    Raises:
        UserError: naming the first bad entries, and the list of all.
    """
    file, others = list_file(config, "left-out"), unlisted(config, listing)
    no_entry = [Bad(path, f"{listing.file} has no usable entry for it") for path in others]
    try:
        listing.check_share(config.max_bad_share)
    except UserError as error:
        if len(listing.bad) == 1:  # the error says all of it
            file.unlink(missing_ok=True)
            raise
        write_list(file, [bad._asdict() for bad in listing.bad])
        raise UserError(f"{str(error).rstrip('.')}. All are listed in {file}.") from None
    write_list(file, [bad._asdict() for bad in [*listing.bad, *no_entry]])
    print_left_out(listing, others, f"; all are listed in {file}")


def print_left_out(listing: Listing, others: Sequence[str] = (), where: str = "") -> None:
    """Print how much is left out, and the first of it."""
    if bad := listing.bad:
        count = f"{len(bad)} of {listing.entries} entries are" if len(bad) > 1 else "1 entry is"
        said = f"warning: {listing.file}: {count} left out, first {listing.first_bad}{where}."
        print(said, file=sys.stderr)
    if others:
        count = f"{len(others)} image files have" if len(others) > 1 else "1 image file has"
        named = ", ".join(others[:MOST_NAMED])
        said = f"note: {count} no usable entry in {listing.file}, first {named}{where}."
        print(said, file=sys.stderr)
    for note in listing.notes:
        print(f"warning: {note}", file=sys.stderr)
    if listing.ignored:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in listing.ignored.most_common())
        print(f"note: {listing.file}: files that are not images: {kinds}.", file=sys.stderr)


def unlisted(config: SharedData, listing: Listing) -> list[str]:
    """Return the image files where images lie that no entry names which could be read."""
    if not isinstance(config, ImageData):
        return []
    return [place.path for place in Places(config).images() if place.path not in listing.images]
