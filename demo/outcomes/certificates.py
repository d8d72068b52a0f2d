"""Add certificates: earned in time, late or never, and a few that are revoked or expire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from demo.world.calendar import last_day, month_of
from demo.world.journeys import Activity, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, seeded_random

AUDIT_SHARE = 0.25
LATE_SHARE, REVOKED_SOON_SHARE, REVOKED_LATER_SHARE = 0.5, 0.12, 0.01
# certificates of this course are valid for one year, others for three
SHORT_LIVED = "cloud-operations"
DAY = timedelta(days=1)
# order within a day: after the last module
ORDER_EARNED = 100.0


def add_certificates(journeys: Sequence[Journey], targets: MonthlyTargets) -> None:
    """Certify the target share of the certificate-track learners due in a month in time."""
    by_month: dict[date, list[Journey]] = defaultdict(list)
    for number, journey in enumerate(journeys):
        if seeded_random(targets.seed, "track", number).random() < AUDIT_SHARE:
            journey.track = "audit"
        elif journey.counts and journey.due:
            by_month[month_of(journey.due)].append(journey)
    for month, due in sorted(by_month.items()):
        rng = seeded_random(targets.seed, "certifying", month)
        for journey, kind, day, data in _events_of_month(due, month, targets, rng):
            if day < targets.calendar.today:
                journey.activities.append(Activity(day, ORDER_EARNED, kind, data=data))


def _events_of_month(
    due: Sequence[Journey], month: date, targets: MonthlyTargets, rng: Random
) -> Iterator[tuple[Journey, str, date, dict[str, str] | None]]:
    able = [one for one in due if one.done]
    wanted = round(targets.share("certification", month) * len(due))
    propensity = {id(one): rng.random() + 0.2 * one.ability for one in able}
    share = min(1.0, wanted / len(able)) if able else 0
    in_time = {id(one) for one in choose(able, share, lambda one: propensity[id(one)])}
    for number, journey in enumerate(able, start=1):
        days = _days(journey, month, is_in_time=id(journey) in in_time, rng=rng)
        for index, day in enumerate(days):
            if index == 0:
                yield (
                    journey,
                    "certificate.earned",
                    day,
                    _certificate_data(journey, month, number, day),
                )
            else:
                yield journey, "certificate.revoked", day, {"reason": "work that was not one's own"}
        if days and len(days) == 1 and (end := _expiry_day(journey, days[0])):
            yield journey, "certificate.expired", end, None


def _days(journey: Journey, month: date, *, is_in_time: bool, rng: Random) -> list[date]:
    """The day of earning and that of revocation, if any; empty if it is never earned."""
    done, end = journey.done or date.max, last_day(month)
    if is_in_time:
        earned = min(done + rng.randint(0, 4) * DAY, end)
        later = [end + rng.randint(20, 80) * DAY] if rng.random() < REVOKED_LATER_SHARE else []
        return [earned, *later]
    if done + 6 * DAY <= end and rng.random() < REVOKED_SOON_SHARE:
        return [done + DAY, done + rng.randint(2, 6) * DAY]
    return [end + rng.randint(3, 20) * DAY] if rng.random() < LATE_SHARE else []


def _certificate_data(journey: Journey, month: date, number: int, earned: date) -> dict[str, str]:
    course = journey.run.course.key
    initials = "".join(word[0] for word in course.split("-")).upper()
    years = 1 if course == SHORT_LIVED else 3
    return {
        "number": f"{initials}-{month:%Y%m}-{number:03}",
        "expires_on": (earned + years * 365 * DAY).isoformat(),
    }


def _expiry_day(journey: Journey, earned: date) -> date | None:
    return earned + 365 * DAY if journey.run.course.key == SHORT_LIVED else None
