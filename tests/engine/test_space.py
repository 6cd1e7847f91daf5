import itertools
import tracemalloc
from collections import Counter
from typing import Any

import keras_tuner
import pytest

from modelyard.config.hyperparameters import Hyperparameter
from modelyard.config.ranges import FloatTuning
from modelyard.search.oracle import declare
from modelyard.search.space import Space

from .searching import choice, number


def space(**declared: Any) -> Space:
    return Space({name: Hyperparameter.model_validate(entry) for name, entry in declared.items()})


def candidates(entry: dict[str, Any]) -> list[Any]:
    return list(space(x=entry).searched["x"].candidates() or ())


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        (number(0.0, 0.5, 0.3, step=0.1), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (number(64, 128, 96, step=32), [64, 96, 128]),
        (number(1, 4, 1), [1, 2, 3, 4]),
        (number(16, 256, 16, step=2, sampling="log"), [16, 32, 64, 128, 256]),
        (number(1e-5, 1e-2, 1e-3, step=10, sampling="log"), [1e-05, 1e-04, 1e-03, 1e-02]),
        (number(1, 8, 8, step=2, sampling="reverse_log"), [1, 5, 7, 8]),
        ({"default_value": True, "tuning": {"tune": True, "param_type": "boolean"}}, [False, True]),
        (choice("b", "a"), ["b", "a"]),
    ],
)
def test_a_range_lists_its_values_with_both_ends(entry: dict[str, Any], values: list[Any]) -> None:
    assert candidates(entry) == values
    assert [type(value) for value in candidates(entry)] == [type(value) for value in values]


@pytest.mark.parametrize("sampling", ["linear", "log", "reverse_log"])
def test_keras_tuner_draws_between_the_same_ends_on_the_same_scale(sampling: str) -> None:
    subject = space(x=number(0.01, 1.0, 0.1, sampling=sampling))
    (drawn,) = declare(subject).space
    assert isinstance(drawn, keras_tuner.engine.hyperparameters.Float)
    tuning = subject.searched["x"]
    assert isinstance(tuning, FloatTuning)
    for position in (0.0, 0.2, 0.5, 0.9):
        assert tuning.at(position) == pytest.approx(drawn.prob_to_value(position))
        assert subject.position("x", drawn.prob_to_value(position)) == pytest.approx(position)


def test_a_grid_takes_ten_values_of_a_range_without_step_and_its_default() -> None:
    subject = space(x=number(0.001, 0.1, 0.02, sampling="log"))
    values = [values["x"] for values in subject.combinations(grid=True)]
    assert values[0] == 0.02
    assert (min(values), max(values), len(values)) == (0.001, 0.1, 11)


def conditional() -> Space:
    return space(
        optimizer=choice("adam", "sgd"),
        momentum=number(0.0, 0.9, 0.5, step=0.45, when={"optimizer": "sgd"})
        | {"default_value": 0.45},
        nesterov={
            "default_value": False,
            "tuning": {"tune": True, "param_type": "boolean", "when": {"momentum": 0.9}},
        },
        seed={"default_value": 3},
    )


def test_a_hyperparameter_is_searched_only_while_its_condition_holds() -> None:
    found = [tuple(values.values()) for values in conditional().combinations()]
    assert sorted(found) == [
        ("adam", 0.45, False, 3),
        ("sgd", 0.0, False, 3),
        ("sgd", 0.45, False, 3),
        ("sgd", 0.9, False, 3),
        ("sgd", 0.9, True, 3),
    ]
    assert found[0] == ("adam", 0.45, False, 3)


def test_a_condition_does_not_hold_by_a_default_that_is_itself_not_searched() -> None:
    subject = space(
        a=choice("off", "on"),
        b=choice(1, 2, when={"a": "on"}),
        c=choice("x", "y", when={"b": 1}),
    )
    assert subject.complete({"a": "off", "b": 1, "c": "y"})["c"] == "x"
    assert subject.complete({"a": "on", "b": 1, "c": "y"})["c"] == "y"


def test_a_condition_on_what_is_not_searched_holds_by_its_default() -> None:
    subject = space(a={"default_value": "on"}, b=choice(1, 2, when={"a": "on"}))
    assert subject.complete({"b": 2})["b"] == 2
    assert subject.active({"a": "on", "b": 2}) == {"b": 2}


@pytest.mark.parametrize(("most", "count"), [(3, 3), (6, 6), (20, 6)])
def test_a_space_counts_its_combinations(most: int, count: int) -> None:
    subject = space(x=number(1, 3, 2), y=choice("a", "b"))
    assert subject.count(most, grid=False) == count
    assert space(x=number(1.0, 3.0, 2.0)).count(most, grid=False) == most


@pytest.mark.parametrize("grid", [True, False])
def test_the_size_of_a_space_is_the_number_of_its_combinations(grid: bool) -> None:  # noqa: FBT001
    for subject in (conditional(), space(x=number(1, 3, 2), y=choice("a", "b"))):
        assert subject.size(grid=grid) == len(list(subject.combinations(grid=grid)))


def test_a_space_too_large_to_be_listed_has_a_size() -> None:
    many = {f"x{i}": number(0.0, 1.0, 0.0) for i in range(30)}
    assert space(**many).size(grid=True) == 10**30


def test_a_spread_begins_with_the_defaults_and_has_every_value_about_equally_often() -> None:
    subject = space(x=number(1, 10, 5), y=choice("b", "a"), z=number(0.0, 1.0, 0.0))
    taken = list(itertools.islice(subject.spread(), 20))
    assert taken[0] == {"x": 5, "y": "b", "z": 0.0}
    assert Counter(values["x"] for values in taken) == dict.fromkeys(range(1, 11), 2)
    # One was dealt twice, and left out the second time.
    assert {*Counter(values["y"] for values in taken).values()} == {9, 11}
    assert {*Counter(values["z"] for values in taken).values()} == {1, 2, 3}
    assert list(itertools.islice(subject.spread(), 7)) == taken[:7]


@pytest.mark.parametrize("subject", [0, 1], ids=["conditions", "plain"])
def test_a_spread_ends_with_every_combination_once(subject: int) -> None:
    spaces = (conditional(), space(x=number(1, 7, 2), y=choice("a", "b", "c")))
    found = [tuple(values.values()) for values in spaces[subject].spread()]
    whole = [tuple(values.values()) for values in spaces[subject].combinations(grid=True)]
    assert sorted(found) == sorted(whole)
    assert found != whole


def test_values_come_back_from_the_wire_typed_as_configured() -> None:
    flags = {"default_value": True, "tuning": {"tune": True, "param_type": "boolean"}}
    numbers = {"whole": number(1, 9, 1), "real": number(1.0, 9.0, 1.0)}
    values = space(flag=flags, choice=choice(*[True, False]), **numbers).complete(
        {"flag": 0, "choice": 0, "whole": 9.7, "real": 9}
    )
    assert repr(list(values.values())) == "[False, False, 9, 9.0]"


def test_a_default_that_is_drawn_stays_as_it_is_written() -> None:
    subject = space(x=number(0.0, 8.0, 1))
    assert repr(subject.complete({"x": 1.0})["x"]) == "1"
    found = [values["x"] for values in space(x=number(0.0, 2.0, 1, step=1)).combinations()]
    assert repr(found) == "[1, 0.0, 2.0]"


HUGE = {
    "steps": number(16, 200_000_016, 16, step=1),
    "whole numbers": number(1, 2**53, 3),
    "floats": number(0.0, 1e6, 0.5, step=0.001953125),
    "products": number(1, 2**50, 2, step=2, sampling="log"),
}


@pytest.mark.parametrize("kind", HUGE)
def test_a_range_is_counted_and_never_listed(kind: str) -> None:
    subject = space(x=HUGE[kind], y=number(1, 2**40, 5, when={"x": HUGE[kind]["default_value"]}))
    tracemalloc.start()
    assert subject.count(20, grid=True) == 20
    assert subject.size(grid=True) > 2**40
    listed = [[*found.values()] for found in itertools.islice(subject.combinations(grid=True), 3)]
    spread = [*itertools.islice(subject.spread(), 20)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    default = HUGE[kind]["default_value"]
    assert listed == [[default, 5], [default, 1], [default, 2]]
    assert len({tuple(found.values()) for found in spread}) == 20
    assert peak < 20_000_000


def test_the_combinations_are_those_of_the_product_in_its_order() -> None:
    entries = {
        "a": choice("on", "off"),
        "b": number(1, 16, 4, step=2, sampling="log", when={"a": "off"}),
        "c": number(1, 4, 2, when={"b": 8}),
    }
    subject = space(**entries)
    lists = (["on", "off"], [4, 1, 2, 8, 16], [2, 1, 3, 4])
    product = [
        subject.complete(dict(zip("abc", one, strict=True))) for one in itertools.product(*lists)
    ]
    distinct = list(dict.fromkeys(tuple(one.values()) for one in product))
    assert [tuple(one.values()) for one in subject.combinations()] == distinct
    assert subject.size(grid=False) == len(distinct)


def test_of_very_many_steps_the_nearest_to_what_is_drawn_is_taken() -> None:
    subject = space(x=number(16, 200_000_016, 16, step=4))
    (drawn,) = declare(subject).space
    assert isinstance(drawn, keras_tuner.engine.hyperparameters.Int)
    assert subject.complete({"x": 133})["x"] == 132
    assert subject.complete({"x": 200_000_015})["x"] == 200_000_016


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (number(1, 10**30, 1), "must be from -9007199254740992 to 9007199254740992"),
        (number(1, 2**63, 1, step=16), "must be from -9007199254740992 to 9007199254740992"),
        (number(0.0, 1e30, 0.0, step=16.0), "makes more than 1000000000 values"),
        (
            number(1.0, 2.0, 1.0, step=1 + 1e-15, sampling="log"),
            "makes more than 1000000000 values",
        ),
        (number(0.0, float("inf"), 0.0), "finite number"),
        (number(-1e308, 1e308, 0.0), "are too far apart"),
        (number(1e-300, 1e300, 1.0, sampling="log"), "are too far apart"),
    ],
)
def test_a_range_that_arithmetic_cannot_reach_is_refused(
    entry: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        space(x=entry)
