"""On which days modules are begun and done: in the month they are due in, late, or never."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from random import Random

from demo.world.calendar import last_day, month_of
from demo.world.catalog import WEAK_MODULE
from demo.world.journeys import Journey, Line
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import seeded_random

Due = tuple[Journey, Line]
DAY = timedelta(days=1)
WITHDRAW = 0.6
# the first whole day after the refund cut-off, however late in the day the start was
CUTOFF_MARGIN = 1


def walk(journeys: Sequence[Journey], aims: MonthlyTargets, *, cutoff_days: int) -> None:
    """Give every line its days, so that each month's velocity comes out as aimed."""
    by_month: dict[date, list[Due]] = defaultdict(list)
    for journey in journeys:
        for line in journey.lines:
            if journey.counts and line.due:
                by_month[month_of(line.due)].append((journey, line))
    for month, due in by_month.items():
        _delay(due, aims.share("velocity", month), seeded_random(aims.seed, "pacing", month))
    for number, journey in enumerate(journeys):
        chance = seeded_random(aims.seed, "days", number)
        _take_days(journey, chance)
        if journey.stops_after is not None and not journey.is_cancelled:
            _leave(journey, journey.start + (cutoff_days + CUTOFF_MARGIN) * DAY, chance)


def _delay(due: Sequence[Due], share: float, chance: Random) -> None:
    """Make lines late until the effort done in the month is down to its share."""
    least = share * sum(line.module.effort_minutes for _, line in due)
    done = sum(line.module.effort_minutes for journey, line in due if journey.will_do(line))
    for journey, line in _by_reluctance(due, chance):
        late = [one for one in journey.lines[line.place :] if _falls_with(one, line)]
        loss = sum(one.module.effort_minutes for one in late if not one.is_late)
        if loss and done - loss >= least - 60:
            done -= loss
            for one in late:
                one.is_late = True


def _by_reluctance(due: Sequence[Due], chance: Random) -> Iterator[Due]:
    """The lines that can be late, those first that nearly are."""
    able = [pair for pair in due if _can_be_late(*pair)]

    def reluctance(pair: Due) -> float:
        return (_days_left(pair[1]) + 3) * chance.random() * (0.4 if _is_weak(pair[1]) else 1)

    return iter(sorted(able, key=reluctance))


def _days_left(line: Line) -> int:
    """Days from its due day to the end of that month."""
    return (last_day(month_of(line.due)) - line.due).days if line.due else 0


def _can_be_late(journey: Journey, line: Line) -> bool:
    """True when the journey still ends in time although this line is done next month."""
    if not journey.finishes or journey.pause or line.due is None:
        return False
    return last_day(month_of(line.due)) + 7 * DAY <= _latest(journey, line)


def _falls_with(one: Line, line: Line) -> bool:
    """True when a line is due in the month of another, and so is late with it."""
    return bool(one.due and line.due and month_of(one.due) == month_of(line.due))


def _is_weak(line: Line) -> bool:
    return line.module.key == WEAK_MODULE


def _latest(journey: Journey, line: Line) -> date:
    """The last day on which the line can be done and the journey still end in time."""
    if journey.due is None or not journey.finishes:
        return date.max
    return journey.due - (len(journey.lines) - line.place) * DAY


def _take_days(journey: Journey, chance: Random) -> None:
    free = journey.start
    for line in journey.lines:
        if line.due is None:
            return
        begun = _working_day(journey, free + chance.randint(0, 2) * DAY)
        if not journey.will_do(line):
            line.begun = begun
            return
        done = _done_day(journey, line, line.due, free, chance)
        if begun is None or done is None:
            return
        line.begun, line.done = min(begun, done), done
        free = done + DAY


def _done_day(journey: Journey, line: Line, due: date, free: date, chance: Random) -> date | None:
    """The day at the learner's pace, held within or beyond the month; None in a pause."""
    end = last_day(month_of(due))
    wish = journey.start + round((due - journey.start).days * journey.pace) * DAY
    first, last = free, min(end, _latest(journey, line))
    if line.is_late:
        first, last = max(free, end + DAY), _latest(journey, line)
        wish = end + chance.randint(1, 5) * DAY
    day = _working_day(journey, max(wish, first))
    return min(day, last) if day else None


def _working_day(journey: Journey, day: date) -> date | None:
    """The day itself, or the one on which the pause that it is in ends; None: it does not."""
    pause = journey.pause
    if pause is None or day < pause.begin:
        return day
    return max(day, pause.end) if pause.end else None


def _leave(journey: Journey, earliest: date, chance: Random) -> None:
    """Withdraw some of those who gave up; the others just stay away."""
    if chance.random() < WITHDRAW:
        last = max(_days(journey.lines), default=journey.start)
        journey.left = max(earliest, last + chance.randint(5, 14) * DAY)


def _days(lines: Iterable[Line]) -> Iterator[date]:
    for line in lines:
        yield from (day for day in (line.begun, line.done) if day)
