"""What was seen of texts, for people to confirm."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from modelyard.adopting.blocks import block, class_lines, odd_counts, split_line
from modelyard.adopting.named import Named
from modelyard.adopting.rehearsal import Rehearsal, shares
from modelyard.config.data_section import SPLITS, TextData

from .finding import Found

EXAMPLE = 60  # characters of a text that are shown


@dataclass(frozen=True)
class Seen:
    """All that was seen of texts.

    Attributes:
        config: the section `data` that reads them.
    """

    found: Found
    config: TextData
    tried: Rehearsal
    named: Named

    def lines(self) -> Iterator[str]:
        """Yield the summary."""
        manifest, config = self.tried.manifest, self.config
        yield f"{config.root}: {self.found.words}"
        lengths = [len(text) for text in self.found.texts]
        size = f"{min(lengths):,} to {max(lengths):,} characters, median {median(lengths):,.0f}"
        first = " ".join(self.found.texts[0].split())
        example = first if len(first) <= EXAMPLE else f"{first[:EXAMPLE]}…"
        total = sum(manifest.examples.values())
        yield from block("texts", [f"{total:,}, {config.encoding}", size, f"such as {example!r}"])
        given = {split: manifest.examples[split] for split in SPLITS if split in self.named.splits}
        by_split = {split: manifest.counts[split] for split in given}
        yield from block("classes", class_lines(self.tried.counts, by_split))
        drawn = split_line(shares(config), given, self.named.kept)
        yield from block("splits", [drawn])
        seen = f"the first {config.max_tokens:,} {config.tokens} of a text (data.max_tokens)"
        yield from block("seen as", [seen, *self.tried.said])
        yield from block("odd", self._odd())

    def _odd(self) -> Iterator[str]:
        config, tried = self.config, self.tried
        yield from self.found.notes
        yield from tried.left_out("texts", config)
        if config.group_column is not None:
            yield f"texts of one {config.group_column} are kept in one split (data.group_column)"
        yield from tried.odd
        yield from odd_counts(tried.counts, balanced=tried.manifest.head == "class")
