"""YAML that loads and still is no configuration: one sentence names its file."""

from pathlib import Path

import pytest

from modelyard.config.loading import parse_overrides
from modelyard.errors import UserError
from modelyard.files import read_yaml
from src.run import main

ALIASES = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 10}]\n" for n in range(1, 13))
NO_CONFIGURATION = {
    "a: &x [*x]": "a value holds itself, or is nested too deep",
    "a: &x {b: [*x]}": "a value holds itself, or is nested too deep",
    f"a: {'[' * 500}{']' * 500}": "a value holds itself, or is nested too deep",
    f"a: [{'9' * 400}]": "a number is too large, it has more than 308 digits",
    f"a: -{'9' * 400}": "a number is too large, it has more than 308 digits",
    f"a: {'9' * 5000}": "Exceeds the limit",
    "a: 2026-13-45": "month must be in 1..12",
    "a: !!bool x": "'x'",
}


@pytest.mark.parametrize("text", NO_CONFIGURATION, ids=lambda text: text[:15])
def test_what_no_configuration_can_hold_is_a_sentence(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        read_yaml(file)
    assert str(caught.value).startswith(f"{file} is not valid YAML: {NO_CONFIGURATION[text]}")
    assert "\n" not in str(caught.value)


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
        "error: models/tiny/config.yaml is not valid YAML: a "
    )
    with pytest.raises(UserError, match=r"^command line: params.epochs: .* is not a YAML value\.$"):
        parse_overrides([f"params.epochs={value}"])
