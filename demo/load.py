"""Load the demonstration data: courses as rows, everything else as events.

Pages are served meanwhile, and a process may be killed: each step is a transaction of its own, and
the next load goes on with the first one that is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction

from accounts.models import User
from alerts.models import AlertRule
from core import reporting_clock
from core.database import query_planner
from curriculum.models import Course, CourseRun, Learner, Module, StructureVersion
from curriculum.run_plans import load_terms
from curriculum.structure import versions
from demo import accounts, adjustment_story, dataset, experiment_story, status, support_story
from demo.bad_events import with_bad_events
from demo.dataset import SEED, Dataset
from demo.event_factory import Raw
from demo.known_password import EMAILS, KNOWN
from demo.outcomes import course_surveys, open_survey, testimonials
from demo.status import SENDER, Plan
from demo.world.calendar import Calendar
from demo.world.catalog import PREREQUISITES, Catalog
from engagement.models import LearningObject
from intake.models import Receipt
from intake.receiving.receive import receive
from kpis.models import RecomputeRun
from kpis.recompute import recompute_stale
from outcomes.models import Survey

BATCH = 15_000
# longer than SQLite's pauses between attempts to write, so that others get their turn
PAUSE_SECONDS = 0.2
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
) -> None:
    """Load the data up to the day of `now` and compute the KPIs.

    What an interrupted load has left is completed instead, as of its own day. `passwords` are those
    of the roles; by default they are chosen here. NotEmpty if there are other courses.
    """
    begin(now, seed=seed, scale=scale, passwords=passwords or accounts.choose_passwords())
    complete(progress)


def begin(
    now: datetime, *, seed: int = SEED, scale: float = 1.0, passwords: Mapping[str, str]
) -> bool:
    """Save the courses and the accounts; return False if an interrupted load has done so.

    After this, people can sign in while `complete` loads the rest, perhaps in another process.
    """
    unfinished = status.unfinished()
    if Course.objects.exists():
        if unfinished is None:
            raise NotEmpty
        return False
    plan = unfinished or Plan(now, seed, scale)
    status.begin(plan)
    data = _generate(plan)
    with transaction.atomic():
        _save(data, plan.now)
        accounts.create(data.journeys, passwords)
        if KNOWN in passwords.values():
            accounts.save_passwords(settings.KPI_DATA_DIR)
    return True


def complete(progress: Progress = show_nothing) -> None:
    """Load what `begin` has left, in steps that can be interrupted and repeated.

    Busy if another process does so.
    """
    with status.only_process():
        if plan := status.unfinished():
            _complete(plan, progress)


def _complete(plan: Plan, progress: Progress) -> None:
    _send_events(_generate(plan), plan, progress)
    open_survey.send(plan.now)
    _compute(plan.now, progress)
    with transaction.atomic():
        _tell_stories(plan.now)
    status.end()


def load_without_kpis(now: datetime, *, seed: int = SEED, scale: float = 1.0) -> Dataset:
    """Save the courses and send the events, without accounts and without computing KPIs."""
    if Course.objects.exists():
        raise NotEmpty
    plan = Plan(now, seed, scale)
    data = _generate(plan)
    _save(data, now)
    _send_events(data, plan, show_nothing)
    return data


def _generate(plan: Plan) -> Dataset:
    return dataset.generate(
        Calendar.at(plan.now, reporting_clock.reporting_zone()),
        seed=plan.seed,
        scale=plan.scale,
        terms_at=load_terms([], {}),
    )


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
    _add_alert_rules()


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


def _send_events(data: Dataset, plan: Plan, progress: Progress) -> None:
    events = with_bad_events(data.events, plan.seed)
    for batch in _batches(events):
        if not _is_received(batch):
            receive(batch, SENDER, now=_received_at(batch, plan.now))
            # without current statistics, lookups of a few rows scan whole tables
            query_planner.analyze_all()
            time.sleep(PAUSE_SECONDS)
        progress("events", len(batch), len(events))


def _is_received(batch: Sequence[Raw]) -> bool:
    """Return whether an interrupted load has received this batch, which it did as a whole."""
    some = [event["id"] for event in batch[:100]]
    return Receipt.objects.filter(sender=SENDER.name, key__in=some).exists()


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

    with recompute_stale.recompute_lock():
        recompute_stale.recompute_stale(now=now, progress=advance)
    # all KPIs are up to date as of now; scheduled runs continue from here
    RecomputeRun.objects.get_or_create(as_of=now)


def _tell_stories(now: datetime) -> None:
    """Let comments be analyzed, and staff act; do nothing if an interrupted load has done so."""
    if experiment_story.is_told():
        return
    # imported here because it loads large libraries
    import_module("outcomes.feedback.analysis").analyze_comments(now)
    staff = User.objects.get(email=EMAILS["staff"])
    testimonials.approve(staff, now)
    adjustment_story.tell(now, staff)
    experiment_story.tell(now, staff, SENDER)
    support_story.tell(now, staff)
