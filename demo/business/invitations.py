"""Who brings whom: learners invite friends by their codes, and some of the friends come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from demo.world.calendar import month_of
from demo.world.journeys import Act, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import seeded_random

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CHANNELS = ("email", "email", "messenger", "link")
# invitations per friend who comes, and by how many days they are ahead
IN_VAIN, AHEAD = 0.7, 21
# how long learners talk of a course, and how many of those who come say so only afterwards
FRESH, SAYS_LATER = 150, 0.15
DAY = timedelta(days=1)
# within a day: the invitation after the learning, the friend's word before it
SENT, ACCEPTED = 300.0, -20.0


@dataclass
class Friends:
    """Those who may invite, by when they signed up."""

    calendar_days: list[tuple[date, Journey]]
    seed: int

    def somebody(self, journey: Journey, day: date, chance: Random) -> Journey | None:
        """One who has been here for a while by that day, and has not forgotten; None: nobody."""
        able = [
            one
            for since, one in self.calendar_days
            if since + DAY < day <= since + FRESH * DAY and one.learner is not journey.learner
        ]
        return max(chance.sample(able, min(3, len(able))), key=_talks, default=None)

    def code(self, journey: Journey) -> str:
        chance = seeded_random(self.seed, "code", journey.learner.key)
        return "".join(chance.choices(LETTERS, k=8))


def _talks(journey: Journey) -> float:
    return journey.ability


def invite(journeys: Sequence[Journey], aims: MonthlyTargets) -> None:
    """Have of each month's starts the aimed share come by a friend."""
    day_of = aims.calendar.day_of
    counted = [one for one in journeys if one.counts]
    friends = Friends([(day_of(one.enrolled_at), one) for one in counted], aims.seed)
    by_month: dict[date, list[Journey]] = defaultdict(list)
    for journey in counted:
        by_month[month_of(journey.start)].append(journey)
    for month, started in sorted(by_month.items()):
        chance = seeded_random(aims.seed, "inviting", month)
        share = aims.share("referral", month)
        for journey in chance.sample(started, round(share * len(started))):
            _bring(journey, friends, aims, chance)


def _bring(journey: Journey, friends: Friends, aims: MonthlyTargets, chance: Random) -> None:
    enrolled = aims.calendar.day_of(journey.enrolled_at)
    friend = friends.somebody(journey, enrolled, chance)
    if friend is None:
        return
    code, since = friends.code(friend), aims.calendar.day_of(friend.enrolled_at)
    sent = max(since, enrolled - chance.randint(1, AHEAD) * DAY)
    _send(friend, sent, code, journey.learner.email, chance)
    for stranger in _strangers(chance):
        _send(friend, sent, code, stranger, chance)
    if chance.random() < SAYS_LATER:
        data = {"code": code}
        journey.acts.append(Act(enrolled, ACCEPTED, "referral.accepted", data=data))
    else:
        journey.code = code


def _strangers(chance: Random) -> Iterator[str]:
    """Those invited who never come."""
    while chance.random() < IN_VAIN / (1 + IN_VAIN):
        yield f"friend-{chance.randrange(10**8):08}@example.net"


def _send(friend: Journey, day: date, code: str, invitee: str, chance: Random) -> None:
    data = {"code": code, "channel": chance.choice(CHANNELS), "invitee": invitee}
    friend.acts.append(Act(day, SENT + len(friend.acts), "invitation.sent", data=data))
