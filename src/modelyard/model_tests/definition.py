"""model_tests.yaml: what is tested, where, and what is asked of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from modelyard.config.measured import heads_of, why_unmeasured
from modelyard.config.mistakes import explain
from modelyard.config.requirement import Requirement
from modelyard.config.schema import Config
from modelyard.config.section import Section
from modelyard.errors import UserError, did_you_mean
from modelyard.files import read_yaml
from modelyard.pipeline.metrics import measured_before
from modelyard.publishing.environment_file import HERE
from modelyard.publishing.environments import load_environments

from .configuration import resolved
from .hardware import wanted
from .limits import requirements
from .perturbations import Perturbations, part_of, without_partner

TESTS = Path("model_tests.yaml")
WORK = Path(".model_tests")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

Seconds = Annotated[float, Field(gt=0, le=31_536_000)]  # a year


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _limits(value: object) -> list[Requirement]:
    return list(requirements(value))


class ModelTest(Section):
    """An entry of model_tests.yaml.

    Attributes:
        env: where it runs: `local`, or names of environments.yaml.
        model: whose config.yaml is used.
        time_limit: of the training, in seconds.
        quick: whether ci.yaml runs it on every push.
        polling_interval: seconds between two looks at the training.
        inference_time_limit: of loading what was saved and predicting, in seconds.
        tolerance: how far predictions may be from those at training time; of numbers above 1, how
            large a share of them.
        config: values that replace those of the model's config.yaml; and `use_gpu`,
            `use_mixed_precision`.
        metrics: limits, at least one.
        perturbations: what test images are changed by; of each way `metrics` limits something.
    """

    env: Annotated[list[str], BeforeValidator(_names), Field(min_length=1)]
    model: str
    time_limit: Seconds
    quick: bool = False
    polling_interval: Seconds = 10
    inference_time_limit: Seconds = 300
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 1e-5
    config: dict[str, Any] = Field(default={})
    metrics: Annotated[list[Requirement], BeforeValidator(_limits)]
    perturbations: Perturbations = Field(default=Perturbations())


@dataclass(frozen=True)
class Case:
    """One test in one environment.

    Attributes:
        config: the model's complete configuration, with the test's values.
        gpu: whether it must train on a GPU, or must not; None takes what there is.
    """

    test: str
    env: str
    asked: ModelTest
    config: Config
    gpu: bool | None = None

    @property
    def name(self) -> str:
        """The test and its environment: `Quick@local`."""
        return f"{self.test}@{self.env}"

    @property
    def folder(self) -> Path:
        """Where it works: a project of its own below .model_tests."""
        return WORK / self.name


def load_cases() -> list[Case]:
    """Read and check every test and its configuration; nothing has run yet.

    Raises:
        UserError: one line per mistake, or there is no test.
    """
    document = read_yaml(TESTS)
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise UserError(
            f"{TESTS} is empty or not a mapping of names to tests; see its own comments."
        )
    cases, problems = [], []
    for name in [name for name in document if not name.startswith(".")]:
        try:
            cases += _cases(name, document[name])
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    if not cases:
        raise UserError(f"No tests found in {TESTS}; add one as its comments show.")
    return cases


def select(
    cases: Sequence[Case], names: Sequence[str], env: str | None, *, quick: bool
) -> list[Case]:
    """Return the cases asked for: of these tests, of this environment, the quick ones.

    Raises:
        UserError: a name is unknown, or nothing is left.
    """
    tests = list(dict.fromkeys(case.test for case in cases))
    for name in names:
        if name not in tests:
            raise UserError(
                f"{TESTS} has no test {name!r}{did_you_mean(name, tests)}; known tests: "
                f"{', '.join(tests)}."
            )
    if env is not None:
        _check_env("command line: --env", env)
    selected = [
        case
        for case in cases
        if (not names or case.test in names)
        and env in (None, case.env)
        and (case.asked.quick or not quick)
    ]
    if not selected:
        known = ", ".join(f"{case.name}{' (quick)' if case.asked.quick else ''}" for case in cases)
        raise UserError(f"No test is selected, so none ran; {TESTS} has {known}.")
    return selected


def _cases(name: str, entry: object) -> list[Case]:
    if not NAME.fullmatch(name):
        raise UserError(f"{TESTS}: {name!r} names a test; use letters, digits, _ and -.")
    if not isinstance(entry, Mapping):
        raise UserError(
            f"{TESTS}: {name} must be a section with env, model, time_limit and metrics."
        )
    document = dict(entry)
    source = Path(f"{TESTS}: {name}")
    try:
        asked = ModelTest.model_validate(document)
    except ValidationError as error:
        raise UserError(explain(error, source, document, ModelTest, set())) from None
    for env in asked.env:
        _check_env(f"{source}.env", env)
    changes, gpu = wanted(str(source), asked.config)
    config = resolved(source, asked.model, changes)
    _check_perturbations(name, asked, config)
    _check_metrics(name, asked, config)
    return [Case(name, env, asked, config, gpu) for env in dict.fromkeys(asked.env)]


def _check_perturbations(name: str, asked: ModelTest, config: Config) -> None:
    problems = list(without_partner(asked.perturbations, asked.metrics))
    if asked.perturbations.amounts() and config.adapter is not None:
        problems = ["perturbations need a model of Keras, and this one's adapter.py says what is "
                    "saved; remove them"]  # fmt: skip
    if problems:
        raise UserError("\n".join(f"{TESTS}: {name}: {problem}." for problem in problems))


def _check_metrics(name: str, asked: ModelTest, config: Config) -> None:
    """Refuse limits of what no target of the task has; the prepared data tells the rest."""
    heads, before = heads_of(config.task), measured_before(config)
    problems = [
        f"{TESTS}: {name}.metrics: {one.name}: {why}."
        for one in asked.metrics
        if not part_of(one) and (why := why_unmeasured(one, config, heads, before))
    ]
    if problems:
        raise UserError("\n".join(problems))


def _check_env(source: str, env: str) -> None:
    """Refuse what is not an environment; an exact name, never a part of one."""
    if env == HERE:
        return
    known = [HERE, *load_environments()]
    if env not in known:
        raise UserError(
            f"{source} names {env!r}, which is not an environment{did_you_mean(env, known)}; "
            f"known: {', '.join(known)}."
        )
