"""The rules that turn observations into alert states and transitions, without Django.

States follow from the observations alone: when a past period changes, all observations are read
again. The evaluation and the preview of a rule both use these functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from kpis.statistics.intervals import Interval

OK, PENDING, FIRING, RECOVERING = "ok", "pending", "firing", "recovering"
NO_DATA, LOW_N, STALE = "no_data", "low_n", "stale"
# these neither open nor close an alert
INCONCLUSIVE = (NO_DATA, LOW_N, STALE)

OPENED, WORSENED, RECOVERED = "opened", "worsened", "recovered"
CLOSED, REOPENED = "closed", "reopened"
# a gap that has grown by a quarter is reported again
WORSENING_FACTOR = 1.25


@dataclass(frozen=True)
class Observation:
    """The value of one period in one scope, in the KPI's unit; it is final from `closes_at` on.

    `status` is ok or one of INCONCLUSIVE. `p_value` is that of a value beyond the margin, None
    without an interval. `is_significant` is False for a breach that may be chance, alone or among
    many scopes.
    """

    period_start: date
    closes_at: datetime
    status: str = NO_DATA
    value: float | None = None
    target: float | None = None
    interval: Interval | None = None
    n: int = 0
    p_value: float | None = None
    is_significant: bool = True


@dataclass(frozen=True)
class Policy:
    """When an observation is a breach. `sign`: 1 for values below the target, -1 for above.

    If not `is_graded`, the size of a gap does not matter, so an alert never worsens.
    """

    sign: int = 1
    margin: float = 0.0
    needs_interval: bool = True
    patience: int = 1
    is_graded: bool = True

    def gap(self, observation: Observation) -> float:
        """Return how far the value misses the target; negative if it is met, 0 if unknown."""
        gap = self._distance(observation.value, observation)
        return gap if self.is_graded else float((gap > 0) - (gap < 0))

    def is_breach(self, observation: Observation) -> bool:
        """True if the value is beyond the margin.

        Where an interval is required, all of it must be, and the p-value must be significant.
        """
        nearest = observation.value
        if self.needs_interval and observation.interval:
            nearest = observation.interval[1] if self.sign > 0 else observation.interval[0]
        smallest = min(self._distance(nearest, observation), self.gap(observation))
        return observation.is_significant and smallest > self.margin

    def is_recovered(self, observation: Observation) -> bool:
        """True if the value is past the target by at least the margin."""
        return self.gap(observation) <= -self.margin

    def _distance(self, value: float | None, observation: Observation) -> float:
        if value is None or observation.target is None:
            return 0.0
        return round(self.sign * (observation.target - value), 9)


@dataclass(frozen=True)
class Step:
    """An observation and the state after it.

    `open_since` is the first period of the open alert; `closed_since` that of the alert which
    this observation closed.
    """

    observation: Observation
    state: str
    breaches_in_a_row: int = 0
    open_since: date | None = None
    closed_since: date | None = None

    @property
    def is_open(self) -> bool:
        return self.open_since is not None


def next_step(before: Step | None, observation: Observation, policy: Policy) -> Step:
    in_a_row, since = (before.breaches_in_a_row, before.open_since) if before else (0, None)
    if observation.status in INCONCLUSIVE:
        return Step(observation, observation.status, in_a_row, since)
    if policy.is_breach(observation):
        if since is None and in_a_row + 1 < policy.patience:
            return Step(observation, PENDING, in_a_row + 1)
        return Step(observation, FIRING, in_a_row + 1, since or observation.period_start)
    if since is None:
        return Step(observation, OK)
    if policy.is_recovered(observation):
        return Step(observation, OK, closed_since=since)
    return Step(observation, RECOVERING, open_since=since)


def run_steps(
    observations: Iterable[Observation], policy: Policy, *, open_since: date | None = None
) -> list[Step]:
    """Return a step for each observation, oldest first.

    `open_since` is the first period of an alert that was open before the first observation.
    """
    steps: list[Step] = []
    for observation in observations:
        initial = Step(replace(observation, status=NO_DATA), NO_DATA, open_since=open_since)
        steps.append(next_step(steps[-1] if steps else initial, observation, policy))
    return steps


@dataclass(frozen=True)
class AlertSnapshot:
    """The latest alert of a rule in a scope: its periods and what was last notified.

    `is_expected`: somebody closed it although the condition still held.
    """

    first_period: date
    last_period: date
    is_open: bool = True
    is_expected: bool = False
    notified_at: datetime | None = None
    worst_gap: float = 0.0

    def is_worsened_by(self, gap: float) -> bool:
        """True if the gap is at least a quarter larger than the largest one notified."""
        return gap >= WORSENING_FACTOR * self.worst_gap

    def is_cooling_down(self, at: datetime, cooldown: timedelta) -> bool:
        return self.notified_at is not None and at - self.notified_at < cooldown

    def cooldown_end(self, cooldown: timedelta) -> datetime | None:
        return self.notified_at + cooldown if self.notified_at else None


@dataclass(frozen=True)
class Transition:
    """A change of an alert, the observation that caused it, and its gap to the target."""

    kind: str
    observation: Observation
    gap: float


def transitions(
    steps: Sequence[Step],
    alert: AlertSnapshot | None,
    policy: Policy,
    at: datetime,
    cooldown: timedelta,
) -> list[Transition]:
    """Return the transitions that bring the latest alert in line with the steps."""
    if not steps:
        return []
    last = steps[-1]
    if alert is None or not alert.is_open:
        return _opening(last, alert, policy, at, cooldown)
    if end := _recovery_of(steps, alert.first_period):
        recovered = Transition(RECOVERED, end.observation, policy.gap(end.observation))
        before = [
            one.observation.period_start
            for one in steps
            if one.observation.period_start < end.observation.period_start
        ]
        # the steps may start after the alert did
        last_period = max([alert.first_period, *before])
        closed = replace(alert, is_open=False, last_period=last_period)
        return [recovered, *_opening(last, closed, policy, at, cooldown)]
    gap = policy.gap(last.observation)
    if not last.is_open:
        return [Transition(CLOSED, last.observation, gap)]
    if last.state == FIRING and alert.is_worsened_by(gap):
        return [Transition(WORSENED, last.observation, gap)]
    return []


def _recovery_of(steps: Sequence[Step], first_period: date) -> Step | None:
    """Return the step that closed the alert which was open in `first_period`, if there is one."""
    return next(
        (
            one
            for one in steps
            if one.closed_since and one.closed_since <= first_period < one.observation.period_start
        ),
        None,
    )


def _opening(
    last: Step, alert: AlertSnapshot | None, policy: Policy, at: datetime, cooldown: timedelta
) -> list[Transition]:
    if last.state != FIRING or last.open_since is None:
        return []
    gap = policy.gap(last.observation)
    opened = Transition(OPENED, last.observation, gap)
    if alert is None:
        return [opened]
    is_same = last.open_since <= alert.last_period
    is_muted = alert.is_cooling_down(at, cooldown) or (is_same and alert.is_expected)
    if is_muted and not alert.is_worsened_by(gap):
        return []
    return [replace(opened, kind=REOPENED) if is_same else opened]


def apply(
    alert: AlertSnapshot | None, transition: Transition, last: Step, at: datetime
) -> AlertSnapshot:
    """Return the alert after a transition that was notified at a moment."""
    period = transition.observation.period_start
    if alert is None or transition.kind == OPENED:
        return AlertSnapshot(
            last.open_since or period, period, notified_at=at, worst_gap=transition.gap
        )
    if transition.kind in (RECOVERED, CLOSED):
        return replace(alert, is_open=False, is_expected=False)
    return replace(
        alert,
        last_period=period,
        is_open=True,
        is_expected=False,
        notified_at=at,
        worst_gap=max(transition.gap, alert.worst_gap),
    )


def replay(steps: Sequence[Step], policy: Policy, cooldown: timedelta) -> list[Transition]:
    """Return all transitions as if each period had been evaluated as soon as it closed."""
    alert, made = None, []
    for count, last in enumerate(steps, start=1):
        at = last.observation.closes_at
        for transition in transitions(steps[:count], alert, policy, at, cooldown):
            alert = apply(alert, transition, last, at)
            made.append(transition)
        if alert and alert.is_open:
            alert = replace(alert, last_period=last.observation.period_start)
    return made
