"""The weeks of finished enrollments as examples to learn from. Arithmetic: no Django here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from support.prediction.features import WEEK, Standings, standings_at
from support.prediction.histories import Bools, Histories, Ints

# weeks that are enough to learn from, drawn by chance from more
MOST = 40_000
LONGEST_WEEKS = 150
SEED = 1


@dataclass(frozen=True)
class Examples:
    """One element per enrollment and week in which it was open; `cohort` are those who began in
    the same run and quarter.
    """

    standings: Standings
    is_unfinished: Bools
    week: Ints
    course: Ints
    cohort: Ints
    learner: Ints
    enrollment: Ints
    begins: Ints

    def __len__(self) -> int:
        return len(self.week)

    def __getitem__(self, wanted: Bools | Ints) -> Examples:
        return Examples(*(getattr(self, one.name)[wanted] for one in fields(self)))


def is_unfinished(histories: Histories) -> Bools:
    """Return who did not complete by the due date."""
    return histories.completed > histories.due


def cohorts(histories: Histories) -> Ints:
    return histories.runs * 10_000 + histories.begins // 91


def examples_of(histories: Histories) -> Examples:
    """Return all weeks of these enrollments, all of which are over."""
    last = int(((histories.due - histories.begins) // WEEK).max(initial=0))
    parts = [_of_week(histories, week) for week in range(1, min(last, LONGEST_WEEKS) + 1)]
    return _joined(parts or [_of_week(histories, 1)])


def sample(examples: Examples, most: int = MOST) -> Examples:
    """Return as many of them at most, drawn by chance but always the same."""
    if len(examples) <= most:
        return examples
    return examples[np.sort(np.random.default_rng(SEED).permutation(len(examples))[:most])]


def _of_week(histories: Histories, week: int) -> Examples:
    standings = standings_at(histories, histories.begins + WEEK * week)
    is_open = standings.is_open
    return Examples(
        standings[is_open],
        is_unfinished(histories)[is_open],
        np.full(int(is_open.sum()), week),
        histories.courses[is_open],
        cohorts(histories)[is_open],
        histories.learners[is_open],
        histories.ids[is_open],
        histories.begins[is_open],
    )


def _joined(parts: Sequence[Examples]) -> Examples:
    standings = Standings(
        *(
            np.concatenate([getattr(part.standings, one.name) for part in parts])
            for one in fields(Standings)
        )
    )
    others = [one.name for one in fields(Examples)][1:]
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in others)
    return Examples(standings, *columns)
