from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.evaluation.state_machine import (
    NO_DATA,
    OK,
    AlertSnapshot,
    Observation,
    Policy,
    apply,
    replay,
    run_steps,
    transitions,
)

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(days=7)
NO_COOL_DOWN = timedelta()


def observations(*values: float | None, target: float = 85) -> list[Observation]:
    """A value per week; None for a week without data."""
    return [
        Observation(
            period_start=(START + at * WEEK).date(),
            closes_at=START + (at + 1) * WEEK,
            status=NO_DATA if value is None else OK,
            value=value,
            target=target,
        )
        for at, value in enumerate(values)
    ]


def states(policy: Policy, *values: float | None) -> list[str]:
    return [one.state for one in run_steps(observations(*values), policy)]


def kinds(policy: Policy, *values: float | None, cooldown: timedelta = NO_COOL_DOWN) -> list[str]:
    return [one.kind for one in replay(run_steps(observations(*values), policy), policy, cooldown)]


POINT = Policy(needs_interval=False)


@pytest.mark.parametrize(
    ("policy", "values", "expected"),
    [
        (POINT, (86, 84, 85), "ok firing ok"),
        (Policy(margin=2), (84, 83, 82.9), "ok ok firing"),
        (Policy(margin=2), (82, 86, 87), "firing recovering ok"),
        (Policy(patience=2), (84, 86, 84, 83), "pending ok pending firing"),
        (Policy(patience=2), (84, None, 84), "pending no_data firing"),
        (POINT, (84, None, None, 86), "firing no_data no_data ok"),
        (Policy(sign=-1), (84, 86, 85), "ok firing ok"),
        (POINT, (None, None), "no_data no_data"),
    ],
)
def test_states_follow_from_the_observations(
    policy: Policy, values: tuple[float | None, ...], expected: str
) -> None:
    assert " ".join(states(policy, *values)) == expected


def test_the_whole_interval_must_be_beyond_the_target() -> None:
    doubtful, sure = (
        Observation(START.date(), START, OK, 80, 85, (75, high)) for high in (85.1, 84.9)
    )

    assert [one.state for one in run_steps([doubtful, sure], Policy())] == ["ok", "firing"]


def test_insignificant_breaches_do_not_fire() -> None:
    chance = Observation(START.date(), START, OK, 80, 85, (75, 84), is_significant=False)

    assert [one.state for one in run_steps([chance], Policy())] == ["ok"]


def test_a_cool_down_longer_than_the_periods_waits_until_it_is_over() -> None:
    # notified in week 1, recovered in week 2, a breach again in weeks 3 and 4
    weeks = (84, 86, 84, 84)

    assert kinds(POINT, *weeks, cooldown=2 * WEEK) == ["opened", "recovered", "opened"]
    assert kinds(POINT, *weeks[:3], cooldown=3 * WEEK) == ["opened", "recovered"]
    assert kinds(POINT, *weeks, cooldown=3 * WEEK) == ["opened", "recovered", "opened"]


def test_a_gap_a_quarter_larger_ends_the_cool_down() -> None:
    # gaps of 4 and then of 5 points
    assert kinds(POINT, 81, 86, 80, cooldown=9 * WEEK) == ["opened", "recovered", "opened"]
    assert kinds(POINT, 81, 86, 80.1, cooldown=9 * WEEK) == ["opened", "recovered"]


def test_a_cool_down_counts_whole_days() -> None:
    alert = AlertSnapshot(date(2026, 1, 5), date(2026, 1, 5), notified_at=START)

    assert alert.is_cooling_down(START + timedelta(days=6, hours=23), WEEK)
    assert not alert.is_cooling_down(START + timedelta(days=7), WEEK)
    assert not alert.is_cooling_down(START, NO_COOL_DOWN)


def test_an_alert_closed_as_expected_opens_only_after_a_recovery() -> None:
    policy = POINT
    alert = AlertSnapshot(START.date(), START.date(), is_open=False, is_expected=True, worst_gap=5)

    def opened(*values: float) -> list[str]:
        steps = run_steps(observations(*values), policy)
        return [one.kind for one in transitions(steps, alert, policy, START + 9 * WEEK, WEEK)]

    assert opened(80, 80) == []
    assert opened(80, 86, 80) == ["opened"]
    # five points have become seven
    assert opened(80, 78) == ["reopened"]


def test_an_alert_older_than_the_periods_recovers_in_the_first_one() -> None:
    before = date(2025, 1, 6)
    alert = AlertSnapshot(before, before, notified_at=START, worst_gap=5)
    steps = run_steps(observations(86), POINT, open_since=before)

    assert [one.kind for one in transitions(steps, alert, POINT, START, WEEK)] == ["recovered"]


VALUES = st.lists(st.none() | st.integers(70, 100), max_size=20)
POLICIES = st.builds(
    Policy,
    sign=st.sampled_from([1, -1]),
    margin=st.sampled_from([0, 2, 5]),
    needs_interval=st.just(False),
    patience=st.integers(1, 3),
)
COOL_DOWNS = st.sampled_from([NO_COOL_DOWN, WEEK, 5 * WEEK])


@given(VALUES, POLICIES, COOL_DOWNS)
def test_alerts_alternately_open_and_close(
    values: list[int | None], policy: Policy, cooldown: timedelta
) -> None:
    made = [one for one in kinds(policy, *values, cooldown=cooldown) if one != "worsened"]

    assert made == ["opened" if at % 2 == 0 else "recovered" for at in range(len(made))]


@given(VALUES, POLICIES)
def test_weeks_without_data_do_not_change_the_transitions(
    values: list[int | None], policy: Policy
) -> None:
    known = [one for one in values if one is not None]

    assert kinds(policy, *values) == kinds(policy, *known)


@given(VALUES, POLICIES, COOL_DOWNS)
def test_applied_transitions_are_not_repeated(
    values: list[int | None], policy: Policy, cooldown: timedelta
) -> None:
    steps = run_steps(observations(*values), policy)
    at = START + 30 * WEEK
    made = transitions(steps, None, policy, at, cooldown)
    alert = None
    for transition in made:
        alert = apply(alert, transition, steps[-1], at)

    assert alert is None or transitions(steps, alert, policy, at, cooldown) == []


@given(VALUES, st.integers(1, 19), POLICIES)
def test_periods_that_start_within_an_alert_give_the_same_end(
    values: list[int | None], cut: int, policy: Policy
) -> None:
    whole = run_steps(observations(*values), policy)
    if cut >= len(whole) or not whole[cut - 1].is_open:
        return
    since = whole[cut - 1].open_since
    rest = run_steps([one.observation for one in whole[cut:]], policy, open_since=since)

    alert = AlertSnapshot(since, since, notified_at=START, worst_gap=99) if since else None
    at = START + 30 * WEEK
    assert transitions(rest, alert, policy, at, WEEK) == transitions(whole, alert, policy, at, WEEK)
    assert [one.state for one in rest] == [one.state for one in whole[cut:]]
    assert rest[-1].open_since == whole[-1].open_since


@given(VALUES, POLICIES)
def test_an_alert_fires_only_with_patience_beyond_the_margin(
    values: list[int | None], policy: Policy
) -> None:
    steps = run_steps(observations(*values), policy)
    for at, one in enumerate(steps):
        if one.state == "firing":
            behind = [it.observation for it in steps[: at + 1] if it.observation.status == OK]
            assert all(policy.gap(it) > policy.margin for it in behind[-1:])
            assert len(behind) >= policy.patience
