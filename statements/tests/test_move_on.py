"""When a unit of cmi5 is satisfied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from statements.models import UnitReport
from statements.move_on import Launch, launch_of, repeated_launch, satisfied_by

NINE = datetime(2026, 1, 6, 9, tzinfo=UTC)


def reported(*names: str, session: str = "s1", scaled: float | None = None) -> list[UnitReport]:
    """Return reports a minute apart, named by what they count as."""
    return [
        UnitReport(
            statement_id=name,
            counts_as=name,
            at=NINE + timedelta(minutes=at),
            session=session,
            scaled=scaled,
        )
        for at, name in enumerate(names)
    ]


@pytest.mark.parametrize(
    ("move_on", "reports", "by"),
    [
        ("Passed", "launched completed", None),
        ("Passed", "launched completed passed", "passed"),
        ("Completed", "launched passed", None),
        ("Completed", "launched passed completed", "completed"),
        ("CompletedAndPassed", "launched passed", None),
        ("CompletedAndPassed", "launched completed", None),
        ("CompletedAndPassed", "launched passed completed", "completed"),
        ("CompletedAndPassed", "launched completed passed", "passed"),
        ("CompletedOrPassed", "launched passed completed", "passed"),
        ("CompletedOrPassed", "launched completed", "completed"),
        ("CompletedOrPassed", "launched", None),
        ("NotApplicable", "launched", "launched"),
        ("NotApplicable", "abandoned", None),
        # no launch data: as every sender of "completed"
        ("", "launched passed", None),
        ("", "launched completed", "completed"),
    ],
)
def test_a_unit_is_satisfied_by_its_move_on(move_on: str, reports: str, by: str | None) -> None:
    found = satisfied_by(reported(*reports.split()), Launch(move_on))

    assert (found.statement_id if found else None) == by


def test_the_order_of_reports_does_not_matter() -> None:
    reports = reported("launched", "completed", "passed")
    found = satisfied_by(reversed(reports), Launch("CompletedAndPassed"))

    assert found is reports[2]


def test_a_pass_below_the_mastery_score_is_none() -> None:
    launch = Launch("Passed", 0.8)

    assert satisfied_by(reported("passed", scaled=0.79), launch) is None
    assert satisfied_by(reported("passed", scaled=0.8), launch)
    assert satisfied_by(reported("passed"), launch)


def test_what_a_session_reports_after_it_was_abandoned_does_not_count() -> None:
    reports = reported("launched", "abandoned", "completed")

    assert satisfied_by(reports, Launch("Completed")) is None
    assert satisfied_by([*reports, *reported("completed", session="s2")], Launch("Completed"))


def test_unknown_launch_data_demand_nothing() -> None:
    assert launch_of({"moveOn": "Passed", "masteryScore": 0.5}) == Launch("Passed", 0.5)
    assert launch_of({"moveOn": "passed", "masteryScore": "high"}) == Launch()
    assert launch_of(["Passed"]) == Launch()


def test_the_latest_launch_that_statements_repeat_applies() -> None:
    first, second = reported("launched", "launched")
    first.move_on, second.move_on, first.mastery_score = "Passed", "Completed", 0.5

    assert repeated_launch([first, second]) == Launch("Completed", 0.5)
