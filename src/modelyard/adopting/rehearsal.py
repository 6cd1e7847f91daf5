"""What `prepare` will make of texts or rows: done in a temporary folder, and thrown away."""

import math
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modelyard.config.data_section import SPLITS, SharedData, Split
from modelyard.data.grouping import HELD_OUT
from modelyard.data.left_out import list_file
from modelyard.data.manifest import Manifest, read_manifest
from modelyard.data.preparing import prepare_data
from modelyard.errors import UserError
from modelyard.files import PARTIAL, read_csv

MOST_BAD = 0.2  # of the entries
ALL_BUT_NONE = 0.999_999  # a share of bad entries that leaves something
LISTED = re.compile(r"[;.(]? ?[Aa]ll are listed in [^;:)]*?\.csv\)?")
SAID = re.compile(r"^(warning|note): ")
GIVEN = re.compile(r"data\.splits in config\.yaml is not used|drawn from train in the shares")


@dataclass(frozen=True)
class Rehearsal:
    """What came of it.

    Attributes:
        manifest: of the prepared data.
        bad: how many entries are left out, of how many.
        first_bad: the first of them, for a sentence.
        said: what `prepare` prints, without warnings and notes.
        odd: its warnings and notes, and what it will refuse until that is decided.
    """

    manifest: Manifest
    bad: int = 0
    entries: int = 0
    first_bad: str = ""
    said: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def train(self) -> int:
        """How many examples models learn from."""
        return self.manifest.examples["train"]

    @property
    def counts(self) -> dict[str, int]:
        """Examples by class; none where a number is learned."""
        splits = self.manifest.counts.values()
        return {one: sum(found.get(one, 0) for found in splits) for one in self.manifest.classes}

    @property
    def bad_share(self) -> float:
        """The share of entries that are left out, rounded up to a thousandth."""
        return math.ceil(self.bad / max(1, self.entries) * 1000) / 1000

    def left_out(self, noun: str, config: SharedData) -> Iterator[str]:
        """Yield how many entries are left out, and which is the first; nothing if none is."""
        if self.bad:
            allowed = max(config.max_bad_share, self.bad_share)
            yield (
                f"{self.bad:,} of {self.entries:,} {noun} cannot be used and are left out "
                f"(data.max_bad_share: {allowed:g}), first {self.first_bad}"
            )


def rehearse(config: SharedData, folder: Path, asked: Mapping[str, Any]) -> Rehearsal:
    """Prepare a folder as the section says; allow as many bad entries as there are.

    Raises:
        UserError: it cannot be prepared, or was hardly understood.
    """
    with TemporaryDirectory(prefix=PARTIAL, dir=Path.cwd()) as temporary:
        processed = Path(temporary, config.processed.name)
        changed: dict[str, Any] = {
            "root": folder, "processed": processed, "max_duplicate_share": 1.0,
        }  # fmt: skip
        if "max_bad_share" not in asked:
            changed["max_bad_share"] = ALL_BUT_NONE
        tried = config.model_copy(update=changed)
        if sys.stderr.isatty():  # of much data it takes as long as the stage
            print(f"Trying out what `prepare` makes of {folder} …", file=sys.stderr)
        printed, warned = StringIO(), StringIO()
        try:
            with redirect_stdout(printed), redirect_stderr(warned):
                prepare_data(tried)
        except UserError as error:
            raise UserError(_advised(_plain(str(error), temporary))) from None
        bad, manifest = _listed(tried, "left-out"), read_manifest(processed)
        leaked = [row for row in _listed(tried, "duplicates") if row["split"] != row["its_split"]]
        lines = [_plain(one, temporary) for one in printed.getvalue().splitlines()]
        notes = [_plain(one, temporary) for one in warned.getvalue().splitlines()]
    found = Rehearsal(
        manifest,
        len(bad),
        len(bad) + sum(manifest.examples.values()),
        "; ".join(f"{row['where']}: {row['what']}" for row in bad[:3]),
        [one for one in lines if one and not SAID.match(one) and not GIVEN.search(one)],
        [*_odd([*lines, *notes]), *_refused(config, leaked, manifest.examples)],
    )
    if "max_bad_share" not in asked and found.bad_share > MOST_BAD:
        raise UserError(
            f"{folder}: {found.bad:,} of {found.entries:,} entries cannot be used, first "
            f"{found.first_bad}; mend them, or say how they are to be read."
        )
    return found


def _listed(config: SharedData, name: str) -> list[dict[str, str]]:
    """Return the rows of a list beside the prepared data; none if there is no list."""
    file = list_file(config, name)
    columns = ("where", "what") if name == "left-out" else ("split", "its_split")
    return read_csv(file, columns) if file.is_file() else []


def _plain(said: str, temporary: str) -> str:
    """Return what was said without lists that are gone, and without the temporary folder."""
    shorter = LISTED.sub("", said)
    here = Path(temporary).relative_to(Path.cwd()).as_posix()
    for place in (temporary, here):
        shorter = shorter.replace(place, "data/processed")
    return shorter


def _advised(said: str) -> str:
    """Return an error with how a key of config.yaml is given here."""
    if "data." not in said or "config.yaml" not in said:
        return said
    return f"{said} Here such a key stands behind the folder, as KEY=VALUE."


def _odd(lines: list[str]) -> Iterator[str]:
    """Yield warnings and notes as parts of a summary, but not how many entries are left out."""
    for line in lines:
        if SAID.match(line) and " left out, first " not in line:
            yield SAID.sub("", line).rstrip(".")


def _refused(
    config: SharedData, leaked: list[dict[str, str]], examples: Mapping[Split, int]
) -> Iterator[str]:
    """Yield what is to be decided before `prepare` accepts what several splits have."""
    share = len(leaked) / max(1, sum(examples[split] for split in HELD_OUT))
    if share > config.max_duplicate_share:
        yield (
            "`prepare` refuses that until you drop them, or decide data.max_duplicate_share "
            f"({config.max_duplicate_share:g} now, {share:.3g} measured)"
        )


def shares(config: SharedData) -> dict[str, float]:
    """Return the shares by which splits are drawn."""
    return {split: getattr(config.splits, split) for split in SPLITS}
