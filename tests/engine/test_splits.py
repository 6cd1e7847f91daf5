"""Splits that are drawn: groups are never divided, and rare classes go to train first."""

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.config.data_section import SPLITS, Split, Splits
from modelyard.data.annotations import Example, Object
from modelyard.data.grouping import Indices, grouped, together
from modelyard.data.labels import groups as classes_of
from modelyard.data.objects import groups as rarest_classes
from modelyard.data.preparing import prepare_data
from modelyard.data.splits import divided, split_indices, warning_of_absent
from modelyard.errors import UserError
from modelyard.files import read_csv, write_csv

from .noise import PROCESSED, RAW, example, settings, write_classes

FILE = RAW / "annotations.csv"
SHARES: dict[Split, float] = {"train": 0.7, "validation": 0.15, "test": 0.15}

FILE = Path("data/raw/noise/annotations.csv")


def split(examples: list[Example], content: Any = None, **keys: Any) -> Indices:
    """Divide examples of one class each."""
    hashes = content or [None] * len(examples)
    return divided(settings(**keys), FILE, examples, classes_of(examples), hashes)


def labels_of(examples: list[Example], indices: Indices) -> dict[Split, Counter[str]]:
    return {name: Counter(examples[i].label for i in indices[name]) for name in SPLITS}


def patients(
    count: int, classes: tuple[str, ...] = ("ill", "well"), seed: int = 0
) -> list[Example]:
    """Return 1 to 12 images of each patient, which are mostly of one class."""
    random = np.random.default_rng(seed)
    made = []
    for patient in range(count):
        usual = classes[int(random.integers(len(classes)))]
        for number in range(random.integers(1, 13)):
            label = usual if random.random() < 0.8 else classes[int(random.integers(len(classes)))]
            made.append(example(f"{patient}_{number}", label, group=f"p{patient}"))
    return [made[i] for i in random.permutation(len(made))]


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_divided_and_every_class_has_its_share(seed: int) -> None:
    examples = patients(200, ("a", "b", "c"), seed)
    indices = split(examples, seed=seed)
    assert sorted(chain(*indices.values())) == list(range(len(examples)))
    found = [{examples[i].group for i in indices[name]} for name in SPLITS]
    assert not found[0] & found[1]
    assert not found[0] & found[2]
    assert not found[1] & found[2]
    totals = Counter(one.label for one in examples)
    for name, counts in labels_of(examples, indices).items():
        share = getattr(settings().splits, name)
        for label, total in totals.items():
            assert counts[label] / total == pytest.approx(share, abs=0.02)


def test_groups_are_drawn_by_the_seed_and_nothing_else() -> None:
    examples = patients(50)
    first = split(examples)
    assert split(examples) == first
    assert split(examples, seed=2) != first
    renamed = [Example(one.path, one.objects, None, f"x{one.group}") for one in examples]
    assert split(renamed) == first


def test_without_groups_and_equal_images_splits_are_those_of_before() -> None:
    examples = [example(n, "abc"[n % 3]) for n in range(90)]
    assert split(examples) == split_indices(classes_of(examples), settings().splits, seed=1)
    alone = [Example(one.path, one.objects, None, one.path) for one in examples]
    assert split(alone) == split(examples)
    assert split(examples, [bytes([n]) for n in range(90)]) == split(examples)
    expected = {"validation": [7, 9, 11, 18, 22, 28], "test": [0, 4, 21, 26, 27, 29]}
    found = split_indices(["a", "b"] * 15, Splits(train=0.6, validation=0.2, test=0.2), seed=3)
    assert {name: found[name] for name in ("validation", "test")} == expected


def test_equal_images_stay_together_also_with_the_groups_that_they_are_of() -> None:
    examples = [example(n, "ab"[n % 2], group=f"g{n // 4}") for n in range(80)]
    content = [bytes([n if n % 20 else 0]) for n in range(80)]  # 0, 20, 40, 60 are equal
    assert together(80, [one.group for one in examples], content)[0] == [
        n for n in range(80) if n % 20 < 4
    ]
    indices = split(examples, content)
    for positions in indices.values():
        assert len({n for n in positions if n % 20 < 4}) in {0, 16}


@pytest.mark.parametrize("images", [1, 4])
def test_of_one_group_a_class_is_trained_on_of_two_it_is_held_out_too(images: int) -> None:
    counts = {"often": 40, "twice": 2, "once": 1, "thrice": 3}
    examples = [
        example(f"{label}_{unit}_{n}", label, group=f"{label}{unit}" if images > 1 else None)
        for label, units in counts.items()
        for unit in range(units)
        for n in range(images)
    ]
    for seed in range(10):
        found = labels_of(examples, split(examples, seed=seed))
        there = {label: [name for name in SPLITS if found[name][label]] for label in counts}
        assert there["once"] == ["train"]
        assert there["twice"][0] == "train"
        assert len(there["twice"]) == 2
        assert len(there["thrice"]) == 3


def test_the_largest_groups_do_not_overfill_a_small_split() -> None:
    units = [list(range(30)), list(range(30, 60)), list(range(60, 80)), list(range(80, 100))]
    found = grouped(units, ["a"] * 100, SHARES, seed=0)
    assert [len(found[name]) for name in SPLITS] == [60, 20, 20]


@pytest.mark.parametrize(("sizes", "empty"), [([95, 5], "test"), ([100], "validation and test")])
def test_a_group_that_leaves_a_split_empty_is_named(sizes: list[int], empty: str) -> None:
    examples = [
        example(f"{group}_{n}", "ab"[n % 2], group=f"g{group}")
        for group, size in enumerate(sizes)
        for n in range(size)
    ]
    with pytest.raises(UserError) as error:
        split(examples)
    said = f"{sum(sizes)} usable images leave {empty} without any, as no group is divided and the "
    assert str(error.value).startswith(f"{said}largest, 'g0', holds {sizes[0]} of them")


def test_equal_images_that_leave_a_split_empty_are_named() -> None:
    examples = [example(n, "ab"[n % 2]) for n in range(9)]
    with pytest.raises(UserError) as error:
        split(examples, [b"x"] * 8 + [b"y"])
    said = "9 usable images leave test without any, as equal images stay together and 8 of them are"
    assert str(error.value).startswith(f"{said} equal once they are read, first 0.png and 1.png; ")


def test_too_few_images_are_an_error() -> None:
    with pytest.raises(UserError, match="3 usable images leave validation and test without any"):
        split([example(n, label) for n, label in enumerate("abc")])


def test_classes_of_two_images_each_are_tested_and_validated_by_turns() -> None:
    examples = [example(n, f"c{n // 2}") for n in range(20)]
    found = labels_of(examples, split(examples))
    assert [found[name].total() for name in SPLITS] == [10, 5, 5]


@pytest.mark.parametrize(
    ("given", "shares"),
    [
        ({"train": 80, "test": 20}, {"train": 60, "validation": 20, "test": 20}),
        ({"train": 80, "validation": 20}, {"train": 60, "validation": 20, "test": 20}),
        ({"train": 100}, {"train": 60, "validation": 20, "test": 20}),
    ],
)
def test_a_split_that_is_not_given_is_drawn_from_train_and_that_is_said(
    given: dict[Split, int], shares: dict[Split, int], capsys: pytest.CaptureFixture[str]
) -> None:
    examples = [
        example(f"{name}{n}", "ab"[n % 2], split=name)
        for name, count in given.items()
        for n in range(count)
    ]
    indices = split(examples)
    assert {name: len(found) for name, found in indices.items()} == shares
    for name in set(given) - {"train"}:
        assert [examples[i].split for i in indices[name]] == [name] * given[name]
    missing = [name for name in SPLITS if name not in given]
    are = "is" if len(missing) == 1 else "are"
    said = f"{FILE} names no usable image of {' or '.join(missing)}, which {are} drawn from train"
    assert capsys.readouterr().out.startswith(said)
    for name in missing:
        assert labels_of(examples, indices)[name]["a"] == shares[name] / 2


def test_groups_are_kept_together_in_what_is_drawn_from_train() -> None:
    examples = [example(n, "ab"[n // 3 % 2], split="train", group=f"g{n // 3}") for n in range(90)]
    examples += [example(f"t{n}", "ab"[n % 2], split="test", group="t") for n in range(10)]
    indices = split(examples)
    train, validation = ({examples[i].group for i in indices[name]} for name in SPLITS[:2])
    assert not train & validation
    assert len(indices["validation"]) == pytest.approx(90 / 4, abs=2)


def test_a_group_in_two_given_splits_is_named() -> None:
    examples = [example(n, "ab"[n % 2], split=SPLITS[n % 3], group=f"g{n % 4}") for n in range(12)]
    with pytest.raises(UserError) as error:
        split(examples)
    said = f"{FILE}: the group 'g0' is in train (0.png) and in validation (4.png); put all of a"
    assert str(error.value).startswith(said)


def test_classes_that_a_split_lacks_are_named_the_first_and_the_rest_counted() -> None:
    labels = ["a"] * 20 + ["b", "b", "c", "d", "e"]
    examples = [example(n, label) for n, label in enumerate(labels)]
    indices = split(examples)
    warning = warning_of_absent("image", examples, indices)
    said = "warning: no image shows 'b' in validation, 'c' in validation, 'd' in validation and 4 "
    assert warning.startswith(f"{said}more; ")
    plenty = [example(n, "ab"[n % 2]) for n in range(20)]
    assert warning_of_absent("image", plenty, split(plenty)) == ""


def test_a_class_that_a_given_test_lacks_is_a_warning_and_one_that_train_lacks_an_error() -> None:
    def given(*labels: str) -> list[Example]:
        return [
            example(f"{n}_{label}", label, split=SPLITS[n]) for n in range(3) for label in labels[n]
        ]

    examples = given("ab", "a", "b")
    warning = warning_of_absent("image", examples, split(examples))
    assert warning.startswith("warning: no image shows 'b' in validation, 'a' in test; ")
    with pytest.raises(UserError, match="1 classes are not in train, first b"):
        split(given("a", "b", "a"))


@pytest.mark.parametrize("seed", range(10))
def test_the_only_object_of_a_class_is_trained_on(seed: int) -> None:
    thing = Object("thing", (1, 1, 2, 2))
    examples = [Example(f"{n}.png", (thing,) * 5 if n == 4 else ()) for n in range(9)]
    indices = divided(settings(seed=seed), FILE, examples, rarest_classes(examples), [None] * 9)
    assert 4 in indices["train"]
    assert all(indices.values())


@pytest.mark.parametrize("seed", range(10))
def test_a_class_beside_a_rarer_one_is_trained_on_with_its_whole_group(seed: int) -> None:
    """Its images are drawn by the other class, which has fewer objects."""
    both = (*[Object("many", (1, 1, 2, 2))] * 9, Object("few", (1, 1, 2, 2)))
    few = (Object("few", (1, 1, 2, 2)),)
    shown = {0: both, 1: few, 2: few, 3: few}
    examples = [
        Example(f"{n}.png", shown.get(n, ()), group=f"g{n % 10}" if n > 3 or n == 0 else None)
        for n in range(40)
    ]
    indices = divided(settings(seed=seed), FILE, examples, rarest_classes(examples), [None] * 40)
    assert {0, 10, 20, 30} <= set(indices["train"])


def test_a_classifier_needs_two_classes() -> None:
    with pytest.raises(UserError, match="name one class only, 'a'"):
        split([example(n, "a") for n in range(9)])


def test_prepare_keeps_the_groups_that_a_column_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_classes({"ill": 20, "well": 20})
    rows = read_csv(FILE)
    write_csv(FILE, [row | {"patient": f"p{n // 4}"} for n, row in enumerate(rows)])
    prepare_data(settings(group_column="patient"))
    patient = {row["path"]: n // 4 for n, row in enumerate(rows)}
    found = [{patient[row["path"]] for row in read_csv(PROCESSED / f"{s}.csv")} for s in SPLITS]
    assert sum(map(len, found)) == len(set[int]().union(*found)) == 10
    assert [len(one) for one in found] == [6, 2, 2]
