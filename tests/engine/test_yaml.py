"""YAML that loads and still is no configuration: one sentence names its file."""

from pathlib import Path

import pytest

from modelyard.config.loading import parse_overrides
from modelyard.errors import UserError
from modelyard.files import parse_yaml, read_yaml
from src.run import main

ALIASES = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 10}]\n" for n in range(1, 13))
LARGE = "is a number of more than 308 digits"
SHARED = "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n"
NO_CONFIGURATION = {
    "a: &x [*x]": "a[0] holds itself",
    "a: &x {b: [*x]}": "a.b[0] holds itself",
    f"a: {'[' * 500}{']' * 500}": "a is nested too deep",
    f"a: {{b: [{'9' * 400}]}}": f"a.b[0] {LARGE}",
    f"a: -{'9' * 400}": f"a {LARGE}",
    f"a: {'9' * 5000}": f"line 1: this {LARGE}",
    "a: 2026-13-45": "line 1: '2026-13-45' is not a valid timestamp",
    "a: !!bool x": "line 1: 'x' is not a valid bool",
    "a: !!float x": "line 1: 'x' is not a valid float",
    "a: 1\nb: 2\na: 3": "line 3: the key 'a' stands twice",
    f"{SHARED}  y: 4": "line 5: the key 'y' stands twice",
    "a:\n  b: 1\n\tc: 2": "line 3: a tab cannot indent",
    "a: \x01": "line 1: YAML has no character U+0001",
    "---\na: 1\n---\nb: 2": "line 3: expected a single document",
}


@pytest.mark.parametrize("text", NO_CONFIGURATION, ids=lambda text: text[:15])
def test_what_no_configuration_can_hold_is_a_sentence(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        read_yaml(file)
    assert str(caught.value).startswith(f"{file} is not valid YAML: {NO_CONFIGURATION[text]}")
    assert "\n" not in str(caught.value)


def test_what_is_merged_may_be_replaced_and_merged_again(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{SHARED}c: {{<<: [*a, *a], z: 3}}\n")
    document = read_yaml(tmp_path / "a.yaml")
    assert document["b"] == {"x": 1, "y": 3}
    assert document["c"] == {"x": 1, "y": 2, "z": 3}


def test_a_value_may_be_in_many_places(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ALIASES)  # 10 to the power of 12 of them
    document = read_yaml(tmp_path / "a.yaml")
    assert document["a12"][9][9] is document["a10"]


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("value", ["&x [*x]", "9" * 400], ids=["within itself", "large"])
def test_a_command_names_the_file_or_the_key(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("models/tiny/config.yaml").write_text(f"params: {{epochs: {value}}}")
    assert main(["check"]) == 1
    assert capsys.readouterr().err.startswith(
        "error: models/tiny/config.yaml is not valid YAML: params"
    )
    with pytest.raises(UserError, match=r"^command line: params.epochs: .* is not a YAML value\.$"):
        parse_overrides([f"params.epochs={value}"])


def test_equal_texts_give_equal_values_that_nobody_shares() -> None:
    text = "a: &a [1, 2]\nb: *a\n"
    first, second = parse_yaml(text), parse_yaml(text)
    first["a"].append(3)
    assert first["b"] == [1, 2, 3]  # an alias stays one
    assert second == parse_yaml(text) == {"a": [1, 2], "b": [1, 2]}
    for _ in range(2):
        with pytest.raises(ValueError, match="holds itself"):
            parse_yaml("a: &a [*a]")
