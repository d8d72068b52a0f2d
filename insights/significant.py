"""Keep the candidates that are significant alone and among all tested with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np

from insights.finding import FindingCandidate
from insights.parts import PartTests
from kpis.statistics.columns import Column, Mask, discovery_bound


class Family(Enum):
    """Which tests are corrected together: targets of the whole, its courses, modules; changes.

    The step-up of Benjamini and Hochberg bounds the false ones in each family: on pure noise, a
    page of all four families shows a finding in at most one week of twenty-five.
    """

    WHOLE, PARTS, MODULES, CHANGES = range(4)


Bounds = Mapping[Family, float]


def bounds(wholes: Sequence[FindingCandidate], tests: Sequence[PartTests]) -> Bounds:
    """Return the largest p-value that is significant in each family."""
    chances: dict[Family, list[Column]] = {family: [] for family in Family}
    for one in wholes:
        if one.comparison:
            chances[_of_whole(one)].append(np.array([one.comparison.chances.two_sided]))
    for part in tests:
        chances[_of_part(part)].append(part.chances[~np.isnan(part.chances)])
    return {
        family: discovery_bound(np.concatenate(some)) if some else -1.0
        for family, some in chances.items()
    }


def is_significant(one: FindingCandidate, among: Bounds) -> bool:
    """A total needs no test."""
    by = one.comparison
    return by is None or (by.is_outside and by.chances.two_sided <= among[_of_whole(one)])


def are_significant(part: PartTests, among: Bounds) -> Mask:
    is_discovery = part.is_outside & (part.chances <= among[_of_part(part)])
    return np.asarray(np.isnan(part.chances) | is_discovery)


def _of_whole(candidate: FindingCandidate) -> Family:
    return Family.CHANGES if candidate.change else Family.WHOLE


def _of_part(part: PartTests) -> Family:
    if part.is_change:
        return Family.CHANGES
    return Family.MODULES if part.by == "module" else Family.PARTS
