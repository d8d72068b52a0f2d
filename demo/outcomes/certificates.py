"""Who is after a certificate, who earns one in time, and the few that are taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from demo.world.calendar import last_day, month_of
from demo.world.journeys import Act, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, seeded_random

AUDITS = 0.25
LATE, REVOKED_SOON, REVOKED_LATER = 0.5, 0.12, 0.01
# the certificate of this course is good for a year, the others for three
SHORT_LIVED = "cloud-operations"
DAY = timedelta(days=1)
# within a day: after the last module
EARNED = 100.0


def certify(journeys: Sequence[Journey], aims: MonthlyTargets) -> None:
    """Have of those on the track who fall due in a month the aimed share certified in time."""
    by_month: dict[date, list[Journey]] = defaultdict(list)
    for number, journey in enumerate(journeys):
        if seeded_random(aims.seed, "track", number).random() < AUDITS:
            journey.track = "audit"
        elif journey.counts and journey.due:
            by_month[month_of(journey.due)].append(journey)
    for month, due in sorted(by_month.items()):
        chance = seeded_random(aims.seed, "certifying", month)
        for journey, kind, day, data in _of_month(due, month, aims, chance):
            if day < aims.calendar.today:
                journey.acts.append(Act(day, EARNED, kind, data=data))


def _of_month(
    due: Sequence[Journey], month: date, aims: MonthlyTargets, chance: Random
) -> Iterator[tuple[Journey, str, date, dict[str, str] | None]]:
    able = [one for one in due if one.done]
    wanted = round(aims.share("certification", month) * len(due))
    luck = {id(one): chance.random() + 0.2 * one.ability for one in able}
    share = min(1.0, wanted / len(able)) if able else 0
    in_time = {id(one) for one in choose(able, share, lambda one: luck[id(one)])}
    for number, journey in enumerate(able, start=1):
        days = _days(journey, month, is_in_time=id(journey) in in_time, chance=chance)
        for place, day in enumerate(days):
            if place == 0:
                yield journey, "certificate.earned", day, _paper(journey, month, number, day)
            else:
                yield journey, "certificate.revoked", day, {"reason": "work that was not one's own"}
        if days and len(days) == 1 and (end := _expires(journey, days[0])):
            yield journey, "certificate.expired", end, None


def _days(journey: Journey, month: date, *, is_in_time: bool, chance: Random) -> list[date]:
    """The day it is earned, then that of its revocation; none where it is never earned."""
    done, end = journey.done or date.max, last_day(month)
    if is_in_time:
        earned = min(done + chance.randint(0, 4) * DAY, end)
        later = [end + chance.randint(20, 80) * DAY] if chance.random() < REVOKED_LATER else []
        return [earned, *later]
    if done + 6 * DAY <= end and chance.random() < REVOKED_SOON:
        return [done + DAY, done + chance.randint(2, 6) * DAY]
    return [end + chance.randint(3, 20) * DAY] if chance.random() < LATE else []


def _paper(journey: Journey, month: date, number: int, earned: date) -> dict[str, str]:
    course = journey.run.course.key
    initials = "".join(word[0] for word in course.split("-")).upper()
    years = 1 if course == SHORT_LIVED else 3
    return {
        "number": f"{initials}-{month:%Y%m}-{number:03}",
        "expires_on": (earned + years * 365 * DAY).isoformat(),
    }


def _expires(journey: Journey, earned: date) -> date | None:
    return earned + 365 * DAY if journey.run.course.key == SHORT_LIVED else None
