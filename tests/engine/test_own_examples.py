"""Data that a team's own code reads: divided, written, described; mistakes are one sentence."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.config import Options
from modelyard.config.data_section import CustomData
from modelyard.config.loading import load_project
from modelyard.data import examples_of, open_array, read_manifest
from modelyard.data.examples import Example
from modelyard.errors import UserError
from modelyard.files import read_csv, write_yaml

from .tiny import PROJECT

PROCESSED = Path("data/processed/own")
SECTION = {
    "task": "custom",
    "root": "data/raw/own",
    "processed": str(PROCESSED),
    "splits": {"train": 0.6, "validation": 0.2, "test": 0.2},
    "seed": 1,
}
Made = Callable[[int], Example]


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data/raw/own").mkdir(parents=True)
    write_yaml(Path("config.yaml"), PROJECT | {"data": SECTION})
    assert isinstance(load_project().data, CustomData)


def prepared(make: Made, count: int = 30, *, dry_run: bool = False, **shapes: Any) -> None:
    def examples(data: CustomData) -> Iterator[Example]:
        assert data.root == Path("data/raw/own")
        yield from map(make, range(count))

    examples_of(examples, **shapes)(Options("prepare", dry_run=dry_run))


def inputs(n: int) -> dict[str, Any]:
    return {"pair": np.array([n, -n], np.float32), "said": f"number {n}"}


def test_targets_of_each_kind_are_written_as_the_manifest_says() -> None:
    names = ("a", "b", "c")
    targets: dict[str, Callable[[int], Any]] = {
        "class": lambda n: names[n % 3],
        "labels": lambda n: names[: n % 4],
        "number": float,
    }
    for head, target in targets.items():
        prepared(lambda n, target=target: Example(inputs(n), target(n), f"{n}"))  # type: ignore[misc]
        manifest = read_manifest(PROCESSED)
        assert (manifest.kind, manifest.head) == ("arrays", head)
        assert manifest.input_shape == {"pair": (2,), "said": ()}
        (name,) = manifest.targets
        everything: dict[int, Any] = {}
        for split, count in manifest.examples.items():
            positions = np.arange(count)
            pairs, said, learned = (
                open_array(PROCESSED, split, one)[positions] for one in ("pair", "said", name)
            )
            assert said.tolist() == [f"number {n:.0f}".encode() for n in pairs[:, 0]]
            paths = [int(row["path"]) for row in read_csv(PROCESSED / f"{split}.csv")]
            assert pairs[:, 1].tolist() == [-path for path in paths]
            everything |= dict(zip(paths, learned.tolist(), strict=True))
        assert len(everything) == 30
        expected = {"class": 2, "labels": [1, 1, 0], "number": 2}
        assert everything[2] == expected[head]


def test_splits_and_groups_are_kept() -> None:
    splits = ("train", "train", "validation", "test")
    prepared(lambda n: Example(inputs(n), "ab"[n % 2], f"{n}", splits[n % 4]))  # type: ignore[arg-type]
    assert {row["path"] for row in read_csv(PROCESSED / "test.csv")} == {
        str(n) for n in range(30) if n % 4 == 3
    }
    prepared(lambda n: Example(inputs(n), "ab"[n % 2], f"{n}", group=f"g{n // 5}"))
    held = [{int(row["path"]) // 5 for row in read_csv(PROCESSED / f"{one}.csv")} for one in splits]
    assert not held[0] & held[2]
    assert not held[0] & held[3]


def test_equal_examples_stay_together() -> None:
    prepared(lambda n: Example({"x": np.float32(n // 2)}, "ab"[n // 2 % 2], f"{n}"))
    for split in ("train", "validation", "test"):
        values = open_array(PROCESSED, split, "x")
        found = values[np.arange(len(values))]
        assert sorted(found.tolist()) == sorted([*{*found.tolist()}] * 2)


def test_an_input_may_differ_in_length_where_its_shape_says_so() -> None:
    prepared(
        lambda n: Example({"steps": np.full((n % 4 + 1, 2), n, "f4")}, "ab"[n % 2], f"{n}"),
        steps=(None, 2),
    )
    assert read_manifest(PROCESSED).input_shape == (None, 2)
    steps = open_array(PROCESSED, "test", "steps")
    for row, found in zip(read_csv(PROCESSED / "test.csv"), steps[np.arange(6)], strict=True):
        n = int(row["path"])
        assert found.tolist() == [[n, n]] * (n % 4 + 1)
    with pytest.raises(UserError, match=r"gives a shape to the input 'stops', but the inputs"):
        prepared(lambda n: Example({"steps": n}, "ab"[n % 2], f"{n}"), stops=(None,))


def test_a_dry_run_reads_one_example_and_writes_nothing() -> None:
    made = []

    def make(n: int) -> Example:
        made.append(n)
        return Example(inputs(n), "a", f"{n}")

    prepared(make, dry_run=True)
    assert made == [0]
    assert not PROCESSED.exists()


def broken(n: int) -> Example:
    return Example(inputs(n), {"a": 1}["b"], f"{n}")


WRONG: dict[str, tuple[Made, str]] = {
    "fails": (broken, "examples() failed (KeyError: 'b'); correct it"),
    "no examples": (
        lambda n: n,  # type: ignore[dict-item, return-value]
        "examples() yields int; write `yield Example(inputs, target, path)`, see",
    ),
    "an unknown split": (
        lambda n: Example(inputs(n), "a", "a.wav", "val"),  # type: ignore[arg-type]
        "a.wav: its split is 'val'; write train, validation, test, or None and data.splits in",
    ),
    "other inputs": (
        lambda n: Example(inputs(n) if n < 9 else {"pair": n}, "ab"[n % 2], f"{n}"),
        "9: its inputs are pair; every example needs pair, said.",
    ),
    "the name of a target": (
        lambda n: Example({"values": n}, "ab"[n % 2], f"{n}"),
        "An input of the examples is called 'values'; give it a name of letters, digits and _ that",
    ),
    "another shape": (
        lambda n: Example({"x": np.zeros(2 if n < 9 else 3)}, "ab"[n % 2], f"{n}"),
        "9: the input x has the shape (3,), but the data's has (2,); bring all to one shape.",
    ),
    "another dtype": (
        lambda n: Example({"x": n if n < 9 else n + 0.5}, "ab"[n % 2], f"{n}"),
        "9: the input x is float64, but the data's is int64, which cannot hold it; bring all to",
    ),
    "a number for a text": (
        lambda n: Example({"x": f"{n}" if n < 9 else n}, "ab"[n % 2], f"{n}"),
        "9: the input x is int64, but the data's is string, which cannot hold it; bring all to",
    ),
    "targets of two kinds": (
        lambda n: Example(inputs(n), 1.0 if n else "a", f"{n}"),
        "data/raw/own: the targets mix kinds, such as 'a' and 1.0; give every example",
    ),
    "a target that is not a number": (
        lambda n: Example(inputs(n), float("nan") if n == 9 else 1.0 * n, f"{n}"),
        "data/raw/own: the targets mix kinds, such as 0.0 and nan; give every example",
    ),
    "one target": (
        lambda n: Example(inputs(n), ["a", "b"], f"{n}"),
        "data/raw/own: every example has the target ['a', 'b'], so there is nothing to learn",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_one_sentence_and_nothing_is_written(mistake: str) -> None:
    make, said = WRONG[mistake]
    with pytest.raises(UserError) as error:
        prepared(make)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert not PROCESSED.exists()


def test_a_module_that_dvc_does_not_watch_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text("def examples(data): ...")
    module: dict[str, Any] = {}
    exec(compile("def examples(data): ...", str(Path("mine.py").resolve()), "exec"), module)  # noqa: S102
    for deps, said in (("src/run.py", "warning: mine.py reads the data, but dvc.yaml"), (".", "")):
        write_yaml(Path("dvc.yaml"), {"stages": {"prepare": {"cmd": "x", "deps": [deps]}}})
        with pytest.raises(UserError, match="no usable example"):
            examples_of(module["examples"])(Options("prepare"))
        assert capsys.readouterr().err.partition(" does not")[0] == said


def test_no_example_is_an_error() -> None:
    with pytest.raises(UserError, match="data/raw/own has no usable example; add some"):
        prepared(lambda n: Example(inputs(n), "a", f"{n}"), 0)
