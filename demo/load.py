"""The story into the database: what is taught as rows, what happened through intake's door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from alerts.evaluation.evaluate import evaluate
from alerts.models import AlertRule
from core import query_planner, reporting_clock
from curriculum import parameters
from curriculum.models import Course, CourseRun, Learner, Module
from curriculum.parameter_definitions import REFUND_CUTOFF, WINDOW_FACTOR
from demo import accounts, write_story
from demo.bad_events import with_bad_events
from demo.event_factory import Raw
from demo.known_password import KNOWN
from demo.learning.enrollments import ParameterValues
from demo.outcomes import course_surveys, testimonials
from demo.world.calendar import Calendar
from demo.write_story import SEED, Story
from engagement.models import LearningObject
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.models import RecomputeRun
from kpis.recompute import recompute_stale
from outcomes.feedback import analysis
from outcomes.models import Survey

AT_ONCE = 15_000
SENDER = Sender("demonstration")
SCORES = "engagement.assessment-performance"

# what is done, by how much it got further, and of how much in all
Progress = Callable[[str, int, int], None]


class NotEmpty(Exception):  # noqa: N818 - it is an answer to who asked, not an error of ours
    """There are courses already."""


def ignore(what: str, by: int, total: int) -> None:
    """Show no progress."""


def load(
    now: datetime,
    *,
    seed: int = SEED,
    scale: float = 1.0,
    progress: Progress = ignore,
    passwords: Mapping[str, str] | None = None,
) -> Story:
    """Write the demonstration up to the day of `now` and measure it, all or nothing.

    The passwords are those of the roles; by default they are chosen. NotEmpty when something is
    taught here already.
    """
    passwords = passwords or accounts.choose_passwords()
    with transaction.atomic():
        told = fill(now, seed=seed, scale=scale, progress=progress)
        _measure(now, progress)
        analysis.analyze_comments(now)
        testimonials.approve(accounts.create(told.journeys, passwords), now)
        if KNOWN in passwords.values():
            accounts.write_down(settings.KPI_DATA_DIR)
    return told


def fill(
    now: datetime, *, seed: int = SEED, scale: float = 1.0, progress: Progress = ignore
) -> Story:
    """Save what is taught and send what happened, without measuring it."""
    if Course.objects.exists():
        raise NotEmpty
    told = write_story.write(
        Calendar.at(now, reporting_clock.reporting_zone()), seed=seed, scale=scale, dials=_dials()
    )
    _save(told)
    _watch()
    _send(with_bad_events(told.events, seed), now, progress)
    return told


def _dials() -> ParameterValues:
    return ParameterValues(
        window_factor=float(parameters.current_value(WINDOW_FACTOR)),
        cutoff_days=int(parameters.current_value(REFUND_CUTOFF)),
    )


def _save(told: Story) -> None:
    taught = told.taught
    Course.objects.bulk_create(taught.courses.values())
    modules = [one for many in taught.modules.values() for one in many]
    Module.objects.bulk_create(modules)
    LearningObject.objects.bulk_create(one for many in taught.objects.values() for one in many)
    CourseRun.objects.bulk_create(told.runs)
    Learner.objects.bulk_create(told.learners)
    # a tool of the provider's own asks here: mails to people made up would go nowhere
    Survey.objects.filter(follows_completion=True).update(follows_completion=False)
    Survey.objects.create(key=course_surveys.SURVEY, title="Course experience")
    for skill, keys in taught.skills:
        skill.save()
        skill.modules.set(one for one in modules if one.key in keys)


def _watch() -> None:
    """Judge scores by course and module too: managers are told of their courses."""
    for each, things in (("course", "a course"), ("module", "a module")):
        AlertRule.objects.create(
            kpi=SCORES, each=each, name=f"Assessment performance of {things} misses its target"
        )


def _send(events: Sequence[Raw], now: datetime, progress: Progress) -> None:
    for batch in _batches(events):
        receive(batch, SENDER, now=_arrival(batch, now))
        # without them the planner reads whole tables for every few rows that it looks up
        query_planner.analyze_all()
        progress("events", len(batch), len(events))


def _arrival(batch: Sequence[Raw], now: datetime) -> datetime:
    """Let a batch come in when its last event has happened, and not all history at once."""
    # the events are in the order of time, and none of them lies ahead of its batch
    last = datetime.fromisoformat(batch[-1]["occurred_at"]).replace(tzinfo=UTC)
    return min(now, last + timedelta(minutes=1))


def _batches(events: Sequence[Raw]) -> Iterator[Sequence[Raw]]:
    for start in range(0, len(events), AT_ONCE):
        yield events[start : start + AT_ONCE]


def _measure(now: datetime, progress: Progress) -> None:
    query_planner.analyze_all()
    shown = 0

    def advance(done: int, total: int) -> None:
        nonlocal shown
        progress("periods of KPIs", done - shown, total)
        shown = done

    recompute_stale.recompute_stale(now=now, progress=advance)
    # all there is has been measured as of now; the cycle goes on from here
    RecomputeRun.objects.create(as_of=now)
    evaluate(now)
