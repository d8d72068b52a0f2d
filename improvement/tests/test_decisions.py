"""People decide about adjustments: once, with a reason, and with everything written down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from curriculum import parameters
from curriculum.models import ParameterChange
from improvement import decisions
from improvement.models import Adjustment, AdjustmentEvent
from improvement.tests.answering import (
    APRIL,
    ITEMS,
    course_with_rule,
    history,
    on,
    proposed,
    row_of,
    value_in,
)
from improvement.watching import watch
from kpis.tests.kernel import PLANNED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_kpis")]


def test_an_approved_change_applies_at_once(ada: User) -> None:
    made = proposed()
    decisions.approve(made, ada, reason="Try it", expected_version=made.version, now=APRIL)
    made.refresh_from_db()

    assert (made.status, made.decided_by, made.decision_reason) == ("watched", ada, "Try it")
    assert made.watch_until == APRIL + timedelta(days=made.watch_days)
    assert made.course is not None
    assert value_in(made.course, APRIL) == float(made.new_value)
    assert value_in(made.course, APRIL - timedelta(days=1)) == float(made.old_value)
    assert history(made) == ["proposed", "approved"]


def test_a_change_can_begin_later(ada: User) -> None:
    made = proposed()
    begins = on("2026-05-01", hour=0)
    decisions.approve(made, ada, applies_from=begins, now=APRIL)
    made.refresh_from_db()
    assert made.status == "approved"

    assert watch(on("2026-04-30")) == 0
    assert watch(on("2026-05-01")) == 1
    made.refresh_from_db()
    assert (made.status, history(made)) == ("watched", ["proposed", "approved", "began"])


def test_a_clock_change_in_the_watching_time_costs_no_hour(
    ada: User, settings: pytest.FixtureRequest
) -> None:
    settings.KPI_TIME_ZONE = "Europe/Berlin"  # type: ignore[attr-defined]
    ends = decisions.watching_ends(on("2026-03-20", hour=23), 60)

    # midnight in Berlin before and after the clock change of 29 March
    assert ends.isoformat() == "2026-05-20T00:00:00+02:00"


@pytest.mark.parametrize("decide", [decisions.reject, decisions.revert])
def test_saying_no_needs_a_reason(ada: User, decide: Callable[..., Adjustment]) -> None:
    made = proposed()
    with pytest.raises(ValidationError) as refused:
        decide(made, ada, reason=" ")

    assert "reason" in refused.value.message_dict
    assert history(made) == ["proposed"]


def test_a_form_for_an_older_state_is_refused_and_says_who_decided(ada: User) -> None:
    made = proposed()
    seen = made.version
    decisions.reject(made, ada, reason="Not in summer", now=APRIL)
    with pytest.raises(ValidationError) as refused:
        decisions.approve(made, ada, expected_version=seen, now=APRIL)

    assert refused.value.code == "decided"
    assert "Rejected by ada@example.com" in refused.value.message
    assert ParameterChange.objects.get().status == "rejected"


def test_a_reverted_change_gives_back_the_value_of_before(ada: User) -> None:
    made = proposed()
    decisions.approve(made, ada, now=APRIL)
    decisions.revert(made, ada, reason="It hurts", now=on("2026-05-02"))
    made.refresh_from_db()

    assert made.status == "reverted"
    assert made.course is not None
    assert value_in(made.course, on("2026-05-03")) == float(made.old_value)
    assert value_in(made.course, on("2026-05-01")) == float(made.new_value)


def test_a_planned_change_that_is_reverted_never_begins(ada: User) -> None:
    made = proposed()
    decisions.approve(made, ada, applies_from=on("2026-06-01"), now=APRIL)
    decisions.revert(made, ada, reason="Second thoughts", now=on("2026-05-02"))

    assert made.course is not None
    assert value_in(made.course, on("2026-06-02")) == float(made.old_value)
    assert watch(on("2026-06-02")) == 0


def test_a_change_reverted_with_the_parameter_closes_its_adjustment(ada: User) -> None:
    made = proposed()
    decisions.approve(made, ada, now=APRIL)
    made.refresh_from_db()
    assert made.change is not None
    parameters.revert(made.change, reason="By hand", by=ada, now=on("2026-05-02"))
    made.refresh_from_db()

    assert (made.status, history(made)[-1]) == ("reverted", "reverted")
    assert made.events.last().by == ada  # type: ignore[union-attr]


def test_a_proposal_approved_with_the_parameter_is_watched(ada: User) -> None:
    made = proposed()
    assert made.change is not None
    parameters.apply(made.change, by=ada, now=APRIL)
    made.refresh_from_db()

    assert (made.status, made.decided_by, made.applies_from) == ("watched", ada, APRIL)


def test_another_value_ends_the_watching(ada: User) -> None:
    made = proposed()
    decisions.approve(made, ada, now=APRIL)
    assert made.course is not None
    row = row_of(made.course)
    parameters.set_value(row, row.value + row.step, reason="More", by=ada, now=on("2026-05-02"))
    made.refresh_from_db()

    assert (made.status, history(made)[-1]) == ("replaced", "replaced")


def test_staff_can_propose_by_hand(ada: User) -> None:
    course, _ = course_with_rule()
    row = row_of(course)
    made = decisions.propose_by_hand(
        row, row.value + row.step, reason="A hunch", by=ada, kpi=PLANNED, now=APRIL
    )

    assert (made.proposed_by, made.alert, made.rule, made.status) == (ada, None, None, "proposed")
    with pytest.raises(ValidationError, match="already has an open adjustment"):
        decisions.propose_by_hand(
            row, row.value + 2 * row.step, reason="Again", by=ada, kpi=PLANNED, now=APRIL
        )


def test_a_proposal_by_hand_between_two_steps_is_refused(ada: User) -> None:
    course, _ = course_with_rule()
    row = row_of(course)
    with pytest.raises(ValidationError, match=r"whole number|steps of"):
        decisions.propose_by_hand(
            row, row.value + row.step / 2, reason="Half", by=ada, kpi=PLANNED, now=APRIL
        )

    assert not Adjustment.objects.exists()


def test_history_cannot_be_rewritten() -> None:
    made = proposed()
    entry = made.events.get()
    entry.reason = "Nothing happened"

    with pytest.raises(ValueError, match="cannot be changed"):
        entry.save()
    assert AdjustmentEvent.objects.get().reason != "Nothing happened"


def test_a_deleted_account_leaves_the_decision(ada: User) -> None:
    made = proposed()
    decisions.approve(made, ada, now=APRIL)
    ada.delete()
    made.refresh_from_db()

    assert (made.status, made.decided_by) == ("watched", None)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_one_moment_decide_once(ada: User) -> None:
    made = proposed()
    outcomes = at_one_moment(
        lambda: decisions.approve(made, ada, expected_version=1, now=APRIL),
        lambda: decisions.reject(made, ada, reason="No", expected_version=1, now=APRIL),
    )
    made.refresh_from_db()

    assert sorted(outcomes) == ["decided", "done"]
    assert made.status in ("watched", "rejected")
    assert made.events.count() == 2
    assert ParameterChange.objects.get().parameter.key == ITEMS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", range(5))
def test_a_value_set_at_the_moment_of_the_approval_waits_for_it(ada: User, again: int) -> None:
    made = proposed()
    assert made.course is not None
    row = row_of(made.course)
    outcomes = at_one_moment(
        lambda: decisions.approve(made, ada, now=APRIL),
        lambda: parameters.set_value(row, row.value + row.step, reason="", by=ada, now=APRIL),
    )
    made.refresh_from_db()

    # the value that was set stays: it came later, or withdrew the proposal
    if outcomes == ["done", "done"]:
        assert made.status == "replaced"
    else:
        assert (sorted(outcomes), made.status) == (["decided", "done"], "withdrawn")
    assert value_in(made.course, APRIL) == float(row.value)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", range(5))
def test_a_rejection_on_two_pages_at_one_moment_counts_once(ada: User, again: int) -> None:
    made = proposed()
    assert made.change is not None
    change = made.change
    outcomes = at_one_moment(
        lambda: decisions.reject(made, ada, reason="No", now=APRIL),
        lambda: parameters.reject(change, by=ada, now=APRIL),
    )
    made.refresh_from_db()

    assert outcomes.count("done") == 1
    assert made.status in ("rejected", "withdrawn")
    assert made.events.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", range(5))
def test_a_revert_on_two_pages_at_one_moment_counts_once(ada: User, again: int) -> None:
    made = proposed()
    decisions.approve(made, ada, now=APRIL)
    made.refresh_from_db()
    assert made.change is not None
    change, later = made.change, on("2026-05-02")
    outcomes = at_one_moment(
        lambda: decisions.revert(made, ada, reason="No", now=later),
        lambda: parameters.revert(change, reason="No", by=ada, now=later),
    )
    made.refresh_from_db()

    assert outcomes.count("done") == 1
    assert (made.status, history(made)) == ("reverted", ["proposed", "approved", "reverted"])
    assert ParameterChange.objects.filter(reverts=change).count() == 1


def at_one_moment(*decisions_made: Callable[[], object]) -> list[str]:
    """Make the decisions in threads of their own, and return how each ended."""
    together = threading.Barrier(len(decisions_made))
    outcomes: list[str] = []

    def decide(make: Callable[[], object]) -> None:
        together.wait()
        try:
            make()
            outcomes.append("done")
        except ValidationError as error:
            outcomes.append(str(error.code))
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(one,)) for one in decisions_made]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    # no writer was the victim of a deadlock
    assert len(outcomes) == len(threads)
    return outcomes
