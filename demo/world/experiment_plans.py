"""The four experiments of the demonstration: their plans, and how learners react to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from demo.world.calendar import Calendar
from experiments.assignment.hashing import bounds, bucket, position

PRACTICE, REMINDERS, VIDEOS, TUTORS = (
    "more-practice", "earlier-reminders", "shorter-videos", "more-tutor-hours",
)  # fmt: skip
CONTROL = "control"
HALVES = (0.5, 0.5)
START_HOUR, STOP_HOUR = 9, 17
DAY = timedelta(days=1)
LAYER, LAYER_SEED = "Videos (demonstration)", "demonstration-videos"


@dataclass(frozen=True, kw_only=True)
class ExperimentPlan:
    """What staff planned, and what happened.

    `started_ago` and `ended_ago` are days before the first day without events, negative after it.
    The first look is after `first_look` times `looks_every`. `reaction` is the difference that the
    variant makes, in the unit of what it changes, and `reported` is the share of its exposures
    that the platform reports. Without a `stop_reason` it still runs, and without a
    `decision_reason` nobody has decided.
    """

    key: str
    name: str
    hypothesis: str
    courses: tuple[str, ...]
    parameter: str
    value: Decimal
    variant: str
    variant_name: str
    control_name: str
    primary: str
    effect: float
    secondary: tuple[str, ...]
    guardrails: Mapping[str, float]
    started_ago: int
    ended_ago: int
    looks_every: timedelta
    first_look: int = 2
    stopped_early_by: int = 0
    is_sequential: bool = False
    layer_part: tuple[float, float] | None = None
    reaction: float = 0.0
    reported: float = 1.0
    stop_reason: str = ""
    decision_reason: str = ""

    @property
    def seed(self) -> str:
        """By which the demonstration recognizes its experiments."""
        return f"demonstration-{self.key}"

    def started_at(self, calendar: Calendar) -> datetime:
        return calendar.moment(calendar.today - self.started_ago * DAY, hour=START_HOUR)

    def ends_on(self, calendar: Calendar) -> date:
        return calendar.today - self.ended_ago * DAY

    def planned_end(self, calendar: Calendar) -> date:
        return self.ends_on(calendar) + self.stopped_early_by * DAY

    def stopped_at(self, calendar: Calendar) -> datetime | None:
        """When it is stopped; None if it still runs."""
        if not self.stop_reason:
            return None
        return calendar.moment(self.ends_on(calendar), hour=STOP_HOUR)

    def looks(self, calendar: Calendar) -> Iterator[datetime]:
        """Yield the midnights at which it is analyzed, the last one as soon as everything is in."""
        end = self.stopped_at(calendar) or calendar.moment(calendar.today)
        last = calendar.day_of(end + DAY) if self.stop_reason else calendar.today
        day = calendar.today - self.started_ago * DAY + self.first_look * self.looks_every
        while day < last - DAY:
            yield calendar.moment(day)
            day += self.looks_every
        yield calendar.moment(last)

    def variant_of(self, learner: str) -> str | None:
        """Return the variant of a learner (key), as the product assigns it; None outside."""
        first, last = self.layer_part or (0.0, 1.0)
        if not first <= position(LAYER_SEED, "layer", learner) < last:
            return None
        at = bucket(position(self.seed, self.key, learner), bounds(HALVES))
        return (CONTROL, self.variant)[at]

    def is_reported(self, learner: str) -> bool:
        """True if the platform reports the exposure of a learner (key)."""
        return self.variant_of(learner) == CONTROL or (
            position(self.seed, "reported", learner) < self.reported
        )


PLANS = (
    ExperimentPlan(
        key=PRACTICE,
        name="More practice before assessments",
        hypothesis=(
            "With 20 practice items instead of 10, learners get more answers right, because they "
            "have met each kind of question before. They have enough time for it."
        ),
        courses=("project-management", "customer-success"),
        parameter="module.practice-items",
        value=Decimal(20),
        variant="more",
        variant_name="More practice",
        control_name="As before",
        primary="engagement.assessment-performance",
        effect=0.04,
        secondary=("engagement.completion-rate", "engagement.quiz-participation"),
        guardrails={"engagement.progress-velocity": 0.1, "engagement.video-watch": 0.05},
        started_ago=230,
        ended_ago=76,
        looks_every=14 * DAY,
        reaction=0.06,
        stop_reason="The planned end is reached.",
        decision_reason=(
            "Learners score clearly higher, and take no longer. The items exist already, so they "
            "cost nothing."
        ),
    ),
    ExperimentPlan(
        key=REMINDERS,
        name="Earlier reminders",
        hypothesis=(
            "A reminder after three quiet days instead of seven brings learners back sooner, so "
            "that they do something in more of their weeks."
        ),
        courses=("data-analysis", "cloud-operations"),
        parameter="reminder.interval",
        value=Decimal(3),
        variant="three-days",
        variant_name="Early reminder",
        control_name="As before",
        primary="engagement.interaction-rate",
        effect=0.1,
        secondary=("engagement.progress-velocity",),
        guardrails={"engagement.completion-rate": 0.1, "outcome.satisfaction": 0.2},
        started_ago=190,
        ended_ago=64,
        looks_every=14 * DAY,
        reaction=0.6,
        stop_reason="The planned end is reached.",
        decision_reason=(
            "Learners come back sooner, but only to look: in fewer of their weeks they answer, "
            "write or submit anything. Everybody keeps the seven days."
        ),
    ),
    ExperimentPlan(
        key=TUTORS,
        name="More tutor hours",
        hypothesis=(
            "With four tutor hours per week instead of two, more learners finish the planned work "
            "in time, because nobody waits for an answer until the next week."
        ),
        courses=("customer-success",),
        parameter="tutor.hours",
        value=Decimal(4),
        variant="four-hours",
        variant_name="More tutoring",
        control_name="As before",
        primary="engagement.progress-velocity",
        effect=0.15,
        secondary=("engagement.assessment-performance",),
        guardrails={"engagement.interaction-rate": 0.1},
        started_ago=97,
        ended_ago=20,
        stopped_early_by=28,
        looks_every=7 * DAY,
        reported=0.2,
        stop_reason=(
            "Far fewer learners are reported for four hours than for two: the mobile app reports "
            "nothing for the new variant. We start again once it does."
        ),
    ),
    ExperimentPlan(
        key=VIDEOS,
        name="Shorter video segments",
        hypothesis=(
            "With a question every five minutes instead of eight, learners watch more of each "
            "video, because they notice sooner when they drift off."
        ),
        courses=("data-analysis", "cloud-operations"),
        parameter="video.segment-length",
        value=Decimal(5),
        variant="five-minutes",
        variant_name="Every 5 minutes",
        control_name="Every 8 minutes",
        primary="engagement.video-watch",
        effect=0.05,
        secondary=("engagement.quiz-participation",),
        guardrails={
            "engagement.assessment-performance": 0.05,
            "engagement.progress-velocity": 0.1,
        },
        started_ago=56,
        ended_ago=-70,
        looks_every=4 * DAY,
        first_look=5,
        is_sequential=True,
        layer_part=(0.0, 0.8),
        reaction=0.05,
    ),
)
BY_KEY = {one.key: one for one in PLANS}
