"""Add referrals: learners invite friends with their codes, and some of the friends enroll."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from demo.world.calendar import month_of
from demo.world.journeys import Activity, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import seeded_random

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CHANNELS = ("email", "email", "messenger", "link")
# declined invitations per accepted one, and the most days from invitation to enrollment
DECLINED_PER_ACCEPTED, MAX_DAYS_AHEAD = 0.7, 21
# how long after signing up learners invite others; how many friends report it only later
MAX_DAYS_SINCE_SIGN_UP, ACCEPTS_LATER_SHARE = 150, 0.15
DAY = timedelta(days=1)
# order within a day: invitations come after learning, acceptances before it
ORDER_SENT, ORDER_ACCEPTED = 300.0, -20.0


@dataclass
class Inviters:
    """The learners who may invite others, with the days on which they signed up."""

    sign_ups: list[tuple[date, Journey]]
    seed: int

    def pick(self, journey: Journey, day: date, rng: Random) -> Journey | None:
        """Pick a learner who signed up some time before that day; None if there is none."""
        candidates = [
            one
            for since, one in self.sign_ups
            if since + DAY < day <= since + MAX_DAYS_SINCE_SIGN_UP * DAY
            and one.learner is not journey.learner
        ]
        return max(
            rng.sample(candidates, min(3, len(candidates))),
            key=lambda one: one.ability,
            default=None,
        )

    def code(self, journey: Journey) -> str:
        rng = seeded_random(self.seed, "code", journey.learner.key)
        return "".join(rng.choices(LETTERS, k=8))


def add_invitations(journeys: Sequence[Journey], targets: MonthlyTargets) -> None:
    """Let the target share of each month's enrollments come from a referral."""
    day_of = targets.calendar.day_of
    counted = [one for one in journeys if one.counts]
    inviters = Inviters([(day_of(one.enrolled_at), one) for one in counted], targets.seed)
    by_month: dict[date, list[Journey]] = defaultdict(list)
    for journey in counted:
        by_month[month_of(journey.start)].append(journey)
    for month, started in sorted(by_month.items()):
        rng = seeded_random(targets.seed, "inviting", month)
        share = targets.share("referral", month)
        for journey in rng.sample(started, round(share * len(started))):
            _refer(journey, inviters, targets, rng)


def _refer(journey: Journey, inviters: Inviters, targets: MonthlyTargets, rng: Random) -> None:
    enrolled = targets.calendar.day_of(journey.enrolled_at)
    inviter = inviters.pick(journey, enrolled, rng)
    if inviter is None:
        return
    code, since = inviters.code(inviter), targets.calendar.day_of(inviter.enrolled_at)
    sent = max(since, enrolled - rng.randint(1, MAX_DAYS_AHEAD) * DAY)
    _add_invitation(inviter, sent, code, journey.learner.email, rng)
    for invitee in _invitees_who_never_come(rng):
        _add_invitation(inviter, sent, code, invitee, rng)
    if rng.random() < ACCEPTS_LATER_SHARE:
        data = {"code": code}
        journey.activities.append(
            Activity(enrolled, ORDER_ACCEPTED, "referral.accepted", data=data)
        )
    else:
        journey.code = code


def _invitees_who_never_come(rng: Random) -> Iterator[str]:
    """The addresses of friends who never enroll."""
    while rng.random() < DECLINED_PER_ACCEPTED / (1 + DECLINED_PER_ACCEPTED):
        yield f"friend-{rng.randrange(10**8):08}@example.net"


def _add_invitation(inviter: Journey, day: date, code: str, invitee: str, rng: Random) -> None:
    data = {"code": code, "channel": rng.choice(CHANNELS), "invitee": invitee}
    inviter.activities.append(
        Activity(day, ORDER_SENT + len(inviter.activities), "invitation.sent", data=data)
    )
