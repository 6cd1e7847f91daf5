"""What was seen of a table, for people to confirm."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelyard.adopting.blocks import block, class_lines, odd_counts, split_line
from modelyard.adopting.named import Named
from modelyard.adopting.rehearsal import Rehearsal, shares
from modelyard.config.data_section import SPLITS, TableData

from .finding import Found
from .roles import Target

FEW_ROWS = 200  # to learn from, and to be judged by


@dataclass(frozen=True)
class Seen:
    """All that was seen of a table.

    Attributes:
        config: the section `data` that reads it.
    """

    found: Found
    target: Target
    config: TableData
    tried: Rehearsal
    named: Named

    def lines(self) -> Iterator[str]:
        """Yield the summary."""
        manifest, (name, why) = self.tried.manifest, self.target
        yield f"{self.config.root}: {self.found.words}"
        yield from block("rows", [f"{sum(manifest.examples.values()):,}"])
        yield from block("columns", self.tried.said)
        kind = "a number" if manifest.head == "number" else "a class"
        yield from block("target", [f"{name}, {kind}: {why}; another one by target=NAME"])
        given = {split: manifest.examples[split] for split in SPLITS if split in self.named.splits}
        if manifest.classes:
            by_split = {split: manifest.counts[split] for split in given}
            yield from block("classes", class_lines(self.tried.counts, by_split))
        drawn = split_line(shares(self.config), given, self.named.kept)
        yield from block("splits", [drawn])
        yield from block("odd", self._odd())

    def _odd(self) -> Iterator[str]:
        config, tried = self.config, self.tried
        yield from self.found.notes
        yield from tried.left_out("rows", config)
        if config.group_column:
            yield f"rows of one {config.group_column} are kept in one split (data.group_column)"
        if tried.entries < FEW_ROWS:
            yield f"{tried.entries:,} rows are few to learn from, and to be judged by"
        if ignored := [name for name, kind in config.columns.items() if kind == "ignore"]:
            yield f"models do not see {', '.join(ignored)} (data.columns)"
        yield from (one for one in tried.odd if not one.endswith("config.yaml ignores it"))
        yield from odd_counts(tried.counts, balanced=True)
