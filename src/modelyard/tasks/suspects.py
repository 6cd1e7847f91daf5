"""Probable label errors: examples of which a model is surer of another class than it usually is.

The rule is that of confident learning (Northcutt, Jiang and Chuang, 2021, "Confident Learning:
Estimating Uncertainty in Dataset Labels"): each class has a threshold of its own, the mean
probability that the model gives it where it is the label. An example is suspect if another class
reaches its threshold there, and is likelier than the label.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

COLUMNS = 3  # of `noted`


class Suspect(NamedTuple):
    """An example whose label is probably wrong.

    Attributes:
        place: in its split.
        likelier: the class that it probably is of; of several labels the one in question.
        probability_of_label: what the model gives what the label says.
        probability: what it gives `likelier`; of several labels, that the label says otherwise.
    """

    place: int
    likelier: int
    probability_of_label: float
    probability: float


def of_one_class(labels: np.ndarray, outputs: Iterable[np.ndarray]) -> list[Suspect]:
    """Return the suspects among examples (n,) with one class each, the surest first.

    Of the probabilities (batch, classes) only three numbers of each example are kept.
    """
    found, start = [np.zeros((0, COLUMNS))], 0
    count = 0
    for batch in outputs:
        rows, mine = np.arange(len(batch)), labels[start : start + len(batch)]
        others = np.array(batch, np.float64)
        count = others.shape[1]
        own = others[rows, mine]
        others[rows, mine] = -1
        likelier = others.argmax(axis=1)
        found.append(np.stack([own, likelier, others[rows, likelier]], axis=1))
        start += len(batch)
    noted = np.concatenate(found)
    own, likelier, chance = noted[:, 0], noted[:, 1].astype(int), noted[:, 2]
    there = np.bincount(labels, minlength=count)
    sums = np.bincount(labels, own, minlength=count)
    least = np.where(there > 0, sums / np.maximum(there, 1), np.inf)
    wrong = np.flatnonzero((chance > own) & (chance >= least[likelier]))
    return _surest([
        Suspect(int(at), int(likelier[at]), float(own[at]), float(chance[at])) for at in wrong
    ])  # fmt: skip


def of_several(labels: np.ndarray, outputs: Iterable[np.ndarray]) -> list[Suspect]:
    """Return the suspects among examples (n, classes) of any number of labels, each by itself."""
    chances = np.concatenate([np.asarray(one, np.float64) for one in outputs])
    found: list[Suspect] = []
    for label in range(chances.shape[1]):
        pair = np.stack([1 - chances[:, label], chances[:, label]], axis=1)
        suspects = of_one_class(labels[:, label].astype(int), [pair])
        found += [one._replace(likelier=label) for one in suspects]
    return _surest(found)


def _surest(suspects: list[Suspect]) -> list[Suspect]:
    """Return them by how much likelier they are than their labels; equal ones by their places."""
    return sorted(suspects, key=lambda one: (one.probability_of_label - one.probability, one[:2]))
