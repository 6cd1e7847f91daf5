"""How a summary is laid out, whatever its examples are."""

from collections.abc import Iterable, Iterator, Mapping

from modelyard.config.data_section import SPLITS, Split

MOST = 12  # classes, or suffixes, that are shown one by one
WIDTH = 12
RARE, UNEVEN = 10, 10  # examples of a class; times as many of another

Counts = Mapping[str, int]


def block(name: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines; the first begins with their name."""
    for number, line in enumerate(lines):
        yield f"  {'' if number else name:{WIDTH}}{line}"


def class_lines(counts: Counts, splits: Mapping[Split, Counts]) -> Iterator[str]:
    """Yield how many classes there are, and a line for each of the most frequent.

    That is its count and, where splits are given, the count in each.
    """
    yield f"{len(counts):,}" + (f" ({', '.join(splits)})" if splits else "")
    shown = sorted(counts.items(), key=lambda pair: -pair[1])[:MOST]
    width = max((len(label) for label, _ in shown), default=0)
    for label, count in shown:
        by_split = ", ".join(f"{found.get(label, 0):,}" for found in splits.values())
        yield f"  {label:{width}}  {count:,}" + (f" ({by_split})" if splits else "")
    if len(counts) > MOST:
        yield f"  and {len(counts) - MOST:,} more"


def split_line(shares: Mapping[str, float], given: Mapping[Split, int], kept: str = "") -> str:
    """Say which splits are given with how many examples, and which are drawn.

    Args:
        shares: `data.splits`.
        given: the examples of each split that is named; none if all are drawn.
        kept: what is not divided, for the end of the sentence.
    """
    if not given:
        drawn = ", ".join(f"{split} {shares[split]:g}" for split in SPLITS)
        return f"none are given; drawn: {drawn}{kept}"
    named = ", ".join(f"{split} {given[split]:,}" for split in SPLITS if split in given)
    missing = ", ".join(split for split in SPLITS if split not in given)
    return f"given: {named}" + (f"; drawn from train: {missing}" if missing else "") + kept


def odd_counts(counts: Counts, *, balanced: bool) -> Iterator[str]:
    """Yield what one may want to know of how many examples classes have.

    Args:
        counts: examples by class.
        balanced: whether `params.class_weight` can weigh them.
    """
    if rare := sorted(label for label, count in counts.items() if count < RARE):
        yield f"{len(rare):,} classes have fewer than {RARE} examples, first {', '.join(rare[:3])}"
    if counts and max(counts.values()) > UNEVEN * min(counts.values()):
        cure = "; params.class_weight: balanced counts rare ones as much as others"
        yield "the classes are uneven" + (cure if balanced else "")
