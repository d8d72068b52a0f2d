"""Points for what speaks against finishing: who needs help while there is no model.

Arithmetic on arrays: no Django here. docs/learners-to-help.md lists the points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from support.prediction.features import NOTHING, WEEK, Standings
from support.prediction.histories import Bools, Floats, Ints

MOST_POINTS = 10
# a learner who was active within a week is not inactive; a weekend late is not behind
INACTIVE_DAYS, BEHIND_DAYS = 7, 3
# of the work due so far; it takes two modules to see a pace
SLOW_SHARE, SLOW_MODULES = 0.5, 2


@dataclass(frozen=True)
class Reasons:
    """What applies to each enrollment; whoever never started is not inactive in addition."""

    never_started: Bools
    inactive: Bools
    behind: Bools
    failing: Bools
    slow: Bools


def reasons_of(standings: Standings) -> Reasons:
    is_idle = standings.idle_days >= INACTIVE_DAYS
    has_started = (standings.last_active != NOTHING) | (standings.done > 0)
    done = standings.done_of_due / np.maximum(standings.due, 1)
    return Reasons(
        never_started=is_idle & ~has_started,
        inactive=is_idle & has_started,
        behind=standings.overdue_days >= BEHIND_DAYS,
        failing=standings.failed > 0,
        slow=(standings.due >= SLOW_MODULES) & (done < SLOW_SHARE),
    )


def points_of(standings: Standings) -> Ints:
    """Return 0 to 10 points: 3 for not being there, 3 for lateness, 2 for failing, 2 for pace."""
    reasons = reasons_of(standings)
    weeks_idle = np.minimum(standings.idle_days // WEEK, 3)
    fortnights_late = standings.overdue_days // (2 * WEEK)
    return (
        np.where(reasons.never_started, 3, np.where(reasons.inactive, weeks_idle, 0))
        + np.where(reasons.behind, np.minimum(1 + fortnights_late, 3), 0)
        + np.minimum(standings.failed, 2)
        + np.where(reasons.slow, 2, 0)
    )


def share_of_points(standings: Standings) -> Floats:
    return points_of(standings) / MOST_POINTS
