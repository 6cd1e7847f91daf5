"""Images with several labels, or with a number to learn: read, divided, written, learned."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from modelyard.data import read_manifest
from modelyard.data.annotations import Example, read_annotations
from modelyard.data.image_preparing import prepare_data
from modelyard.errors import UserError
from modelyard.files import read_csv

from .annotated import config
from .noise import PROCESSED, RAW, settings, write_noise

TAGS = {"labels": "tags"}


def read(root: Path, text: str, **keys: Any) -> tuple[list[Example], list[str]]:
    (root / "labels").write_text(text)
    found, listing = read_annotations(config(root, "image_classification", "csv", **keys))
    return found, [bad.sentence(listing.file) for bad in listing.bad]


def labels(examples: list[Example]) -> dict[str, list[str]]:
    return {one.path: [thing.label for thing in one.objects] for one in examples}


SEVERAL: dict[str, tuple[str, dict[str, Any]]] = {
    "in a cell": ("path,tags\na.png,sun;cat\nb.png,\nc.png,cat\n", {}),
    "spaces and nothing": ("path,tags\na.png,sun; cat;;sun\nb.png,\nc.png,cat;\n", {}),
    "in several rows": ("path,tags\na.png,cat\na.png,sun\nb.png,\nc.png,cat\n", {}),
    "commas in quotes": (
        'path,tags\na.png,"sun,cat"\nb.png,\nc.png,cat\n', {"label_delimiter": ","},
    ),
    "semicolons everywhere": (
        'path;tags\na.png;"sun;cat"\nb.png;\nc.png;cat\n', {"delimiter": ";"},
    ),
    "numbers with names": (
        "path,tags\na.png,1|0\nb.png,\nc.png,0\n",
        {"label_delimiter": "|", "class_names": ["cat", "sun"]},
    ),
    "no header": ("a.png,sun;cat\nb.png,\nc.png,cat\n", {"columns": {"path": 1, "labels": 2}}),
}  # fmt: skip


@pytest.mark.parametrize("layout", SEVERAL)
def test_an_image_may_have_several_labels_or_none(layout: str, root: Path) -> None:
    text, keys = SEVERAL[layout]
    examples, bad = read(root, text, **({"columns": TAGS} | keys))
    assert labels(examples) == {"a.png": ["cat", "sun"], "b.png": [], "c.png": ["cat"]}
    assert not bad


def test_an_image_of_which_a_row_is_bad_is_left_out(root: Path) -> None:
    text = "path,tags\na.png,0\na.png,7\nb.png,1\nb.png,1\n"
    examples, bad = read(root, text, columns=TAGS, class_names=["cat", "sun"])
    assert labels(examples) == {"b.png": ["sun"]}
    assert bad == [
        "raw/labels, line 3: class is '7', which data.class_names does not name (0 to 1); mend or "
        "drop it.",
        "raw/labels, line 2: another row of a.png is bad, so not all of its labels are known; "
        "mend or drop it.",
        "raw/labels, line 5: it repeats line 4: b.png has the class sun already; mend or drop it.",
    ]


def test_another_delimiter_between_labels_is_noticed(root: Path) -> None:
    with pytest.raises(UserError) as error:
        read(root, "path,tags\na.png,cat|sun\nb.png,sun|sea\nc.png,cat\n", columns=TAGS)
    assert str(error.value) == (
        "raw/labels: no cell of its labels has a ';' between classes, but 2 of 3 have '|'; set "
        'data.label_delimiter in config.yaml to "|".'
    )


def test_numbers_are_read_and_bad_ones_left_out(root: Path) -> None:
    text = 'path,age\na.png,31\nb.png,-1.5e1\nc.png,"1,5"\n'
    examples, bad = read(root, text, columns={"value": "age"})
    assert [one.objects[0].value for one in examples] == [31, -15]
    assert bad == [
        "raw/labels, line 4: age is '1,5', which has a decimal comma; write a point; mend or drop "
        "it."
    ]
    for cell, said in (
        ("", "age is empty"),
        ("old", "age is 'old', which is not a number"),
        ("nan", "age is 'nan', which is not a number"),
        ("1e400", "age is '1e400', which is too large for 32 bits"),
    ):
        _, (first,) = read(root, f"path,age\na.png,{cell}\nb.png,1\n", columns={"value": "age"})
        assert said in first


def test_an_image_has_one_number(root: Path) -> None:
    examples, bad = read(
        root, "path,age\na.png,3\na.png,4\nb.png,5\nb.png,5\n", columns={"value": "age"}
    )
    assert [(one.path, one.objects[0].value) for one in examples] == [("b.png", 5)]
    assert [one.partition(": ")[2] for one in bad] == [
        "a.png has 2 values, 3, 4; one is needed; mend or drop it.",
        "it repeats line 4: b.png has the value 5 already; mend or drop it.",
    ]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"columns": {"labels": "a", "value": "b"}}, "columns names labels and value; one of"),
        ({"columns": {"labels": "a"}, "annotation_type": "via"}, "columns.labels is for annotatio"),
        ({"label_delimiter": "|"}, "label_delimiter is for several classes in a cell; name their"),
    ],
)
def test_keys_that_do_not_fit_each_other_are_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(**keys)


def write(rows: list[str], **keys: Any) -> None:
    write_noise(RAW, [f"{n}.png" for n in range(len(rows))])
    lines = [f"{n}.png,{cell}\n" for n, cell in enumerate(rows)]
    (RAW / "annotations.csv").write_text("path,it\n" + "".join(lines))
    prepare_data(settings(**keys))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_labels_are_prepared_and_rare_ones_are_in_every_split() -> None:
    write(["common;other"] * 40 + ["rare;common"] * 5 + [""] * 5, columns={"labels": "it"})
    manifest = read_manifest(PROCESSED)
    assert (manifest.kind, manifest.head) == ("image", "labels")
    assert manifest.classes == ["common", "other", "rare"]
    assert manifest.targets["labels"].model_dump() == {"shape": (3,), "dtype": "float32"}
    for split, count in manifest.examples.items():
        arrays = np.load(PROCESSED / f"{split}_labels.npy")
        assert arrays.shape == (count, 3)
        assert arrays.sum(axis=0).tolist() == [*manifest.counts[split].values()]
        assert manifest.counts[split]["rare"] >= 1
        assert (arrays.sum(axis=1) == 0).any()
        rows = read_csv(PROCESSED / f"{split}.csv")
        assert list(rows[0]) == ["path", "labels"]
        found = {(row["labels"], tuple(cells)) for row, cells in zip(rows, arrays, strict=True)}
        assert found == {("common;other", (1, 1, 0)), ("common;rare", (1, 0, 1)), ("", (0, 0, 0))}


@pytest.mark.usefixtures("folder")
def test_numbers_are_prepared_and_spread_over_the_splits() -> None:
    write([str(n / 2) for n in range(100)], columns={"value": "it"})
    manifest = read_manifest(PROCESSED)
    assert (manifest.head, manifest.classes) == ("number", [])
    assert manifest.settings == {"target": "it"}
    assert manifest.targets["values"].model_dump() == {"shape": (), "dtype": "float32"}
    everything = []
    for split in manifest.examples:
        values = np.load(PROCESSED / f"{split}_values.npy")
        assert values.dtype == np.float32
        assert values.mean() == pytest.approx(24.75, abs=1.5)
        rows = read_csv(PROCESSED / f"{split}.csv")
        assert [float(row["value"]) for row in rows] == values.tolist()
        assert [int(row["path"][:-4]) / 2 for row in rows] == values.tolist()
        everything += values.tolist()
    assert sorted(everything) == [n / 2 for n in range(100)]


@pytest.mark.usefixtures("folder")
def test_targets_that_are_all_alike_are_refused() -> None:
    for column, cell, said in (
        ("labels", "a;b", "Every image has the labels a, b, so there is nothing to learn"),
        ("value", "3", "Every image has the value 3.0, so there is nothing to learn"),
    ):
        with pytest.raises(UserError, match=said):
            write([cell] * 5, columns={column: "it"})
        assert not PROCESSED.exists()
