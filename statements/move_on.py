"""When a unit of cmi5 is satisfied, by the moveOn of its launch. No database here.

The specification of cmi5 (Quartz, first edition), sections 9.3, 10.2.4 and 13.1.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from statements.models import UnitReport
from statements.occurrence import number_in

LAUNCHED, COMPLETED, PASSED, ABANDONED = UnitReport.Criterion.values
MOVE_ON = ("Passed", "Completed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable")
# where no launch says otherwise
USUAL = "Completed"


@dataclass(frozen=True)
class Launch:
    """What the system that launches a unit demands of it; `move_on` is empty if it does not say."""

    move_on: str = ""
    mastery_score: float | None = None


def launch_of(data: Any) -> Launch:
    """Read launch data, such as a document LMS.LaunchData."""
    if not isinstance(data, Mapping):
        return Launch()
    move_on = data.get("moveOn")
    return Launch(move_on if move_on in MOVE_ON else "", number_in(data.get("masteryScore")))


def repeated_launch(reports: Sequence[UnitReport]) -> Launch:
    """Return the launch that the statements of a unit repeat, the latest first."""
    latest = sorted(reports, key=_order, reverse=True)
    moves = (one.move_on for one in latest if one.move_on in MOVE_ON)
    scores = (one.mastery_score for one in latest if one.mastery_score is not None)
    return Launch(next(moves, ""), next(scores, None))


def satisfied_by(reports: Iterable[UnitReport], launch: Launch) -> UnitReport | None:
    """Return the report with which a unit was satisfied; None if it is not yet.

    What comes later, such as "failed" after "passed", changes nothing.
    """
    some = sorted(reports, key=_order)
    ended = {one.session: one.at for one in reversed(some) if one.counts_as == ABANDONED}
    first: dict[str, UnitReport] = {}
    for one in some:
        is_late = one.session in ended and one.at > ended[one.session]
        if not is_late and not _is_too_low(one, launch):
            first.setdefault(one.counts_as, one)
    return _satisfying(launch.move_on or USUAL, first)


def _satisfying(move_on: str, first: Mapping[str, UnitReport]) -> UnitReport | None:
    completed, passed = first.get(COMPLETED), first.get(PASSED)
    both = [one for one in (completed, passed) if one]
    match move_on:
        case "NotApplicable":
            known = [one for one in (first.get(LAUNCHED), *both) if one]
            return min(known, key=_order, default=None)
        case "CompletedAndPassed":
            return max(both, key=_order) if len(both) == 2 else None
        case "CompletedOrPassed":
            return min(both, key=_order, default=None)
    return passed if move_on == "Passed" else completed


def _is_too_low(one: UnitReport, launch: Launch) -> bool:
    """True for a pass below the mastery score, which a unit must not send."""
    lowest = launch.mastery_score
    is_pass = one.counts_as == PASSED and one.scaled is not None
    return is_pass and lowest is not None and (one.scaled or 0) < lowest


def _order(one: UnitReport) -> tuple[Any, str]:
    return one.at, one.statement_id
