"""Equal or nearly equal images in different splits: a test of them would measure memory."""

import sys
from collections.abc import Iterator, Sequence

import numpy as np

from modelyard.config.data_section import SPLITS, SharedData, Split
from modelyard.errors import UserError, one_of

from .annotations import Example
from .grouping import HELD_OUT, Indices
from .left_out import list_file, write_list
from .likeness import copies

EQUAL, NEARLY = "equal", "nearly equal"

Row = dict[str, object]
Pair = tuple[int, int, str]  # positions of two examples, and how equal they are


def judge_duplicates(
    config: SharedData,
    examples: Sequence[Example],
    indices: Indices,
    content: Sequence[bytes],
    small: np.ndarray | None,
) -> None:
    """List and name validation and test examples that another split has too, and contradictions.

    Those that nearly are in another split are looked for among images: `small` are copies in grey.

    Raises:
        UserError: they are more than `max_duplicate_share`.
    """
    split_of = _split_of(indices)
    leaked = list(find_leaked(indices, content, small))
    contradictory = list(find_contradictory(examples, content))
    pairs = list(dict.fromkeys([*leaked, *contradictory]))
    file = list_file(config, "duplicates")
    write_list(file, [_row(examples, split_of, pair) for pair in pairs])
    if contradictory:
        one, other, _ = contradictory[0]
        noun, same = config.NOUN, "the pixels of" if small is not None else "the content of"
        cure = "no model can tell them apart" if noun == "row" else "correct the classes"
        count = len(contradictory)
        have = f"1 {noun} has" if count == 1 else f"{count} {noun}s have"
        print(
            f"warning: {have} {same} {one_of(noun)} of another class, first "
            f"{_named(examples[one])} and {_named(examples[other])}; all are listed in {file}: "
            f"{cure}.",
            file=sys.stderr,
        )
    if leaked:
        _judge_leaked(config, examples, split_of, leaked, sum(len(indices[s]) for s in HELD_OUT))


def find_leaked(
    indices: Indices, content: Sequence[bytes], small: np.ndarray | None
) -> Iterator[Pair]:
    """Yield each validation and test example that another split has, with its likest there."""
    split_of = _split_of(indices)
    first: dict[tuple[bytes, Split], int] = {}
    for position in sorted(split_of):
        first.setdefault((content[position], split_of[position]), position)
    for split in HELD_OUT:
        others = [one for one in SPLITS if one != split]
        held = []
        for position in indices[split]:
            equal = [first[key] for one in others if (key := (content[position], one)) in first]
            if equal:
                yield position, equal[0], EQUAL
            else:
                held.append(position)
        rest = np.array(sorted(i for one in others for i in indices[one]), np.int64)
        if small is None:
            continue
        near = copies(small, np.array(held, np.int64), rest)
        yield from ((one, other, NEARLY) for one, other in near)


def find_contradictory(examples: Sequence[Example], content: Sequence[bytes]) -> Iterator[Pair]:
    """Yield each example that equals an earlier one, but shows other classes."""
    first: dict[bytes, int] = {}
    for position, digest in enumerate(content):
        earlier = first.setdefault(digest, position)
        if _classes(examples[position]) != _classes(examples[earlier]):
            yield position, earlier, EQUAL


def _judge_leaked(
    config: SharedData,
    examples: Sequence[Example],
    split_of: dict[int, Split],
    leaked: Sequence[Pair],
    count: int,
) -> None:
    one, other, how = leaked[0]
    said = (
        f"{len(leaked)} of {count} validation and test {config.NOUN}s are equal or nearly "
        f"equal to {one_of(config.NOUN)} of another split, first {examples[one].path} "
        f"({split_of[one]}), {how} to {examples[other].path} ({split_of[other]})"
    )
    listed = f"all are listed in {list_file(config, 'duplicates')}"
    if len(leaked) / count <= config.max_duplicate_share:
        print(f"warning: {said}; {listed}.", file=sys.stderr)
        return
    raise UserError(
        f"{said}; that is more than the share of {config.max_duplicate_share:g} that "
        "data.max_duplicate_share in config.yaml allows, and what is measured on them would be too "
        f"good. Drop them ({listed}), name what belongs together by data.group_column, give "
        "splits of your own, or raise the share."
    )


def _split_of(indices: Indices) -> dict[int, Split]:
    return {position: split for split in SPLITS for position in indices[split]}


def _row(examples: Sequence[Example], split_of: dict[int, Split], pair: Pair) -> Row:
    one, other, how = pair
    return {
        "path": examples[one].path,
        "split": split_of[one],
        "classes": _classes(examples[one]),
        "is": how,
        "to": examples[other].path,
        "its_split": split_of[other],
        "its_classes": _classes(examples[other]),
    }


def _named(example: Example) -> str:
    return f"{example.path} ({_classes(example) or 'none'})"


def _classes(example: Example) -> str:
    return ", ".join(sorted({one.label for one in example.objects}))
