"""Load the demonstration data: courses as rows, everything else as events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from alerts.models import AlertRule
from core import reporting_clock
from core.database import query_planner
from curriculum.models import Course, CourseRun, Learner, Module, StructureVersion
from curriculum.run_plans import load_terms
from curriculum.structure import versions
from demo import accounts, adjustment_story, dataset, experiment_story
from demo.bad_events import with_bad_events
from demo.dataset import SEED, Dataset
from demo.event_factory import Raw
from demo.known_password import KNOWN
from demo.outcomes import course_surveys, testimonials
from demo.status import SENDER
from demo.world.calendar import Calendar
from demo.world.catalog import PREREQUISITES, Catalog
from engagement.models import LearningObject
from intake.receiving.receive import receive
from kpis.models import RecomputeRun
from kpis.recompute import recompute_stale
from outcomes.feedback import analysis
from outcomes.models import Survey

BATCH = 15_000
SCORES = "engagement.assessment-performance"

# the stage, the progress since the last call and the total
Progress = Callable[[str, int, int], None]


class NotEmpty(Exception):  # noqa: N818 - an expected outcome
    """The database already contains courses."""


def show_nothing(stage: str, by: int, total: int) -> None:
    """Show no progress."""


def load(
    now: datetime,
    *,
    seed: int = SEED,
    scale: float = 1.0,
    progress: Progress = show_nothing,
    passwords: Mapping[str, str] | None = None,
) -> Dataset:
    """Load the data up to the day of `now` and compute the KPIs, in one transaction.

    `passwords` are those of the roles; by default they are chosen here. NotEmpty if there are
    courses already.
    """
    passwords = passwords or accounts.choose_passwords()
    with transaction.atomic():
        data = load_without_kpis(now, seed=seed, scale=scale, progress=progress)
        _compute(now, progress)
        analysis.analyze_comments(now)
        staff = accounts.create(data.journeys, passwords)
        testimonials.approve(staff, now)
        adjustment_story.tell(now, staff)
        experiment_story.tell(now, staff, SENDER)
        if KNOWN in passwords.values():
            accounts.save_passwords(settings.KPI_DATA_DIR)
    return data


def load_without_kpis(
    now: datetime, *, seed: int = SEED, scale: float = 1.0, progress: Progress = show_nothing
) -> Dataset:
    """Save the courses and send the events, without computing KPIs."""
    if Course.objects.exists():
        raise NotEmpty
    data = dataset.generate(
        Calendar.at(now, reporting_clock.reporting_zone()),
        seed=seed,
        scale=scale,
        terms_at=load_terms([], {}),
    )
    _save(data, now)
    _add_alert_rules()
    _send_events(with_bad_events(data.events, seed), now, progress)
    return data


def _save(data: Dataset, now: datetime) -> None:
    catalog = data.catalog
    Course.objects.bulk_create(catalog.courses.values())
    modules = [one for many in catalog.modules.values() for one in many]
    Module.objects.bulk_create(modules)
    LearningObject.objects.bulk_create(one for many in catalog.objects.values() for one in many)
    CourseRun.objects.bulk_create(data.runs)
    Learner.objects.bulk_create(data.learners)
    # in the demonstration, an external tool sends surveys: the addresses are made up
    Survey.objects.filter(follows_completion=True).update(follows_completion=False)
    Survey.objects.create(key=course_surveys.SURVEY, title="Course experience")
    _save_skills(catalog, modules, now)


def _save_skills(catalog: Catalog, modules: Sequence[Module], now: datetime) -> None:
    """Save the skills, and half a year later their prerequisites: two versions to compare."""
    courses = [one.pk for one in catalog.courses.values()]
    source = StructureVersion.Source.DEMO
    for skill, keys in catalog.skills:
        skill.save()
        skill.modules.set(one for one in modules if one.key in keys)
    versions.record(courses, source=source, at=now - timedelta(days=365))
    skills = {skill.key: skill for skill, _ in catalog.skills}
    for key, needed in PREREQUISITES.items():
        skills[key].prerequisites.set(skills[one] for one in needed)
    versions.record(courses, source=source, at=now - timedelta(days=180))


def _add_alert_rules() -> None:
    """Add alert rules for scores by course and module, which notify managers.

    The one for modules ships inactive, with the adjustment rule that needs it.
    """
    for each, subject in (("course", "a course"), ("module", "a module")):
        name = f"Assessment performance of {subject} misses its target"
        AlertRule.objects.update_or_create(
            kpi=SCORES, each=each, name=name, defaults={"is_active": True}
        )


def _send_events(events: Sequence[Raw], now: datetime, progress: Progress) -> None:
    for batch in _batches(events):
        receive(batch, SENDER, now=_received_at(batch, now))
        # without current statistics, lookups of a few rows scan whole tables
        query_planner.analyze_all()
        progress("events", len(batch), len(events))


def _received_at(batch: Sequence[Raw], now: datetime) -> datetime:
    """The time at which a batch arrives: just after its last event."""
    # the events are in chronological order
    last = datetime.fromisoformat(batch[-1]["occurred_at"]).replace(tzinfo=UTC)
    return min(now, last + timedelta(minutes=1))


def _batches(events: Sequence[Raw]) -> Iterator[Sequence[Raw]]:
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]


def _compute(now: datetime, progress: Progress) -> None:
    query_planner.analyze_all()
    shown = 0

    def advance(done: int, total: int) -> None:
        nonlocal shown
        progress("periods of KPIs", done - shown, total)
        shown = done

    recompute_stale.recompute_stale(now=now, progress=advance)
    # all KPIs are up to date as of now; scheduled runs continue from here
    RecomputeRun.objects.create(as_of=now)
