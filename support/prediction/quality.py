"""How good chances are: whether they rank well, and mean what they say. No Django here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from support.prediction.histories import Bools, Floats, Ints

BINS = 10


@dataclass(frozen=True)
class Quality:
    """`auc` is the chance that of two learners, the one who does not finish ranks first.

    Both `auc` are None if all of them finished or none did.
    """

    learners: int
    unfinished: int
    auc: float | None
    rules_auc: float | None
    calibration_error: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def quality_of(learners: Ints, outcome: Bools, chances: Floats, by_rules: Floats) -> Quality:
    """Evaluate the chances of learners, each of whom may be there several times."""
    _, first = np.unique(learners, return_index=True)
    return Quality(
        len(first),
        int(outcome[first].sum()),
        auc(outcome, chances),
        auc(outcome, by_rules),
        calibration_error(outcome, chances),
    )


def auc(outcome: Bools, chances: Floats) -> float | None:
    if not 0 < outcome.sum() < len(outcome):
        return None
    return float(roc_auc_score(outcome, chances))


def calibration_error(outcome: Bools, chances: Floats) -> float:
    """Return by how much chances and shares differ in ten bins of equal width, on average (ECE).

    Naeini, Cooper, Hauskrecht 2015: the differences weighted by the learners in each bin.
    """
    place = np.minimum((chances * BINS).astype(int), BINS - 1)
    sums = np.bincount(place, chances - outcome, BINS)
    return float(np.abs(sums).sum() / max(len(outcome), 1))


def by_group(
    groups: Ints, learners: Ints, outcome: Bools, chances: Floats, by_rules: Floats
) -> dict[int, Quality]:
    found = {}
    for one in np.unique(groups).tolist():
        own = groups == one
        found[one] = quality_of(learners[own], outcome[own], chances[own], by_rules[own])
    return found
