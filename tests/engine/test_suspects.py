"""Probable label errors are found by each class's own threshold, as confident learning does."""

import numpy as np

from modelyard.tasks.suspects import of_one_class, of_several

CLASSES = 4


def noisy() -> tuple[np.ndarray, np.ndarray, set[int]]:
    """Return labels of which some are wrong, probabilities, and the places of the wrong ones."""
    random = np.random.default_rng(5)
    actual = random.integers(0, CLASSES, 400)
    # Of the last class the model is never as sure as of the others: one threshold would not do.
    sure = np.where(actual == CLASSES - 1, 1.6, 4.0)
    logits = random.normal(0, 0.3, (400, CLASSES)) + sure[:, None] * np.eye(CLASSES)[actual]
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = set(random.choice(400, 30, replace=False).tolist())
    labels = np.array([(one + (at in wrong)) % CLASSES for at, one in enumerate(actual)])
    return labels, chances, wrong


def test_wrong_labels_are_found_and_right_ones_left_alone() -> None:
    labels, chances, wrong = noisy()
    batches = np.array_split(chances, 7)
    found = of_one_class(labels, batches)
    places = {one.place for one in found}
    assert places <= wrong
    assert len(places) > 0.7 * len(wrong)
    assert {labels[place] for place in places} == set(range(CLASSES))
    for one in found:
        assert one.likelier == chances[one.place].argmax() != labels[one.place]
        assert one.probability == chances[one.place, one.likelier]
        assert one.probability_of_label == chances[one.place, labels[one.place]]
    margins = [one.probability - one.probability_of_label for one in found]
    assert margins == sorted(margins, reverse=True)
    assert found == of_one_class(labels, [chances])


def test_an_unsure_mistake_of_the_model_is_not_an_error_of_the_label() -> None:
    labels = np.array([0, 0, 1, 1, 0])
    chances = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.4, 0.6]])
    assert of_one_class(labels, [chances]) == []
    sure = np.vstack([chances[:4], [[0.05, 0.95]]])
    assert [one.place for one in of_one_class(labels, [sure])] == [4]


def test_a_class_that_no_example_has_is_never_likelier() -> None:
    labels, chances = np.array([0, 0, 1]), np.array([[0.9, 0.1, 0], [0, 0, 1], [0.1, 0.9, 0]])
    assert of_one_class(labels, [chances]) == []
    assert of_one_class(np.zeros(0, int), []) == []


def test_of_several_labels_each_may_be_missing_or_too_many() -> None:
    labels = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 1], [0, 0]], np.float32)
    chances = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.99, 0.02], [0.97, 0.1]])
    found = of_several(labels, [chances[:4], chances[4:]])
    assert [(one.place, one.likelier) for one in found] == [(4, 1), (5, 0)]
    assert found[0].probability_of_label == 0.02
    assert found[0].probability == 0.98
