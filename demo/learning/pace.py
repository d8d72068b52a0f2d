"""Set the days on which modules are started and completed, in time, late or never."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from random import Random

from demo.world.calendar import last_day, month_of
from demo.world.catalog import WEAK_MODULE
from demo.world.journeys import Journey, Step
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import seeded_random

DueStep = tuple[Journey, Step]
DAY = timedelta(days=1)
WITHDRAW_RATE = 0.6
# withdrawals start on the first whole day after the refund cut-off
CUTOFF_MARGIN = 1


def set_days(journeys: Sequence[Journey], targets: MonthlyTargets) -> None:
    """Set the days of all steps so that the progress velocity of each month meets its target."""
    by_month: dict[date, list[DueStep]] = defaultdict(list)
    for journey in journeys:
        for step in journey.steps:
            if journey.counts and step.due:
                by_month[month_of(step.due)].append((journey, step))
    for month, due in by_month.items():
        _make_late(
            due, targets.share("velocity", month), seeded_random(targets.seed, "pacing", month)
        )
    for number, journey in enumerate(journeys):
        rng = seeded_random(targets.seed, "days", number)
        _set_days_of(journey, rng)
        if journey.stops_after is not None and not journey.is_cancelled:
            _maybe_withdraw(
                journey, journey.start + (journey.cutoff_days + CUTOFF_MARGIN) * DAY, rng
            )


def _make_late(due: Sequence[DueStep], share: float, rng: Random) -> None:
    """Make steps late until the effort completed in the month is down to the target share."""
    least = share * sum(step.module.effort_minutes for _, step in due)
    done = sum(step.module.effort_minutes for journey, step in due if journey.will_do(step))
    for journey, step in _by_reluctance(due, rng):
        late = [one for one in journey.steps[step.position :] if _is_due_in_month_of(one, step)]
        loss = sum(one.module.effort_minutes for one in late if not one.is_late)
        if loss and done - loss >= least - 60:
            done -= loss
            for one in late:
                one.is_late = True


def _by_reluctance(due: Sequence[DueStep], rng: Random) -> Iterator[DueStep]:
    """The steps that can be late, those due near the end of the month first."""
    able = [pair for pair in due if _can_be_late(*pair)]

    def reluctance(pair: DueStep) -> float:
        return (_days_left(pair[1]) + 3) * rng.random() * (0.4 if _is_weak(pair[1]) else 1)

    return iter(sorted(able, key=reluctance))


def _days_left(step: Step) -> int:
    """The days from the due day to the end of its month."""
    return (last_day(month_of(step.due)) - step.due).days if step.due else 0


def _can_be_late(journey: Journey, step: Step) -> bool:
    """True when the journey can still end in time if this step is done in the next month."""
    if not journey.finishes or journey.pause or step.due is None:
        return False
    return last_day(month_of(step.due)) + 7 * DAY <= _latest_day(journey, step)


def _is_due_in_month_of(one: Step, step: Step) -> bool:
    """True when a step is due in the same month as another, so that both are late together."""
    return bool(one.due and step.due and month_of(one.due) == month_of(step.due))


def _is_weak(step: Step) -> bool:
    return step.module.key == WEAK_MODULE


def _latest_day(journey: Journey, step: Step) -> date:
    """The last day for this step on which the journey can still end in time."""
    if journey.due is None or not journey.finishes:
        return date.max
    return journey.due - (len(journey.steps) - step.position) * DAY


def _set_days_of(journey: Journey, rng: Random) -> None:
    earliest_day = journey.start
    for step in journey.steps:
        if step.due is None:
            return
        begun = _working_day(journey, earliest_day + rng.randint(0, 2) * DAY)
        if not journey.will_do(step):
            step.begun = begun
            return
        done = _done_day(journey, step, step.due, earliest_day, rng)
        if begun is None or done is None:
            return
        step.begun, step.done = min(begun, done), done
        earliest_day = done + DAY


def _done_day(
    journey: Journey, step: Step, due: date, earliest_day: date, rng: Random
) -> date | None:
    """The day on which a step is completed at the learner's pace; None during a pause."""
    end = last_day(month_of(due))
    wish = journey.start + round((due - journey.start).days * journey.pace) * DAY
    first, last = earliest_day, min(end, _latest_day(journey, step))
    if step.is_late:
        first, last = max(earliest_day, end + DAY), _latest_day(journey, step)
        wish = end + rng.randint(1, 5) * DAY
    day = _working_day(journey, max(wish, first))
    return min(day, last) if day else None


def _working_day(journey: Journey, day: date) -> date | None:
    """The day, or the end of a pause that it falls into; None if the pause does not end."""
    pause = journey.pause
    if pause is None or day < pause.begin:
        return day
    return max(day, pause.end) if pause.end else None


def _maybe_withdraw(journey: Journey, earliest: date, rng: Random) -> None:
    """Withdraw some of the learners who gave up; the others just become inactive."""
    if rng.random() < WITHDRAW_RATE:
        last = max(_days(journey.steps), default=journey.start)
        journey.left = max(earliest, last + rng.randint(5, 14) * DAY)


def _days(steps: Iterable[Step]) -> Iterator[date]:
    for step in steps:
        yield from (day for day in (step.begun, step.done) if day)
