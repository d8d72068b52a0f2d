"""Remove the demonstration data, and keep what other senders and staff have added.

A removal may be killed at any moment: each step is repeated without harm, and the next call
continues it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from alerts.models import Alert, EvaluationRun
from business.models import Customer
from core.database import locks
from curriculum.models import Learner, Skill
from dashboard.live.versions import publish_change
from demo import accounts, adjustment_story, experiment_story, real_data, status, support_story
from demo.models import Removal
from demo.outcomes import course_surveys, open_survey
from demo.status import SENDER
from demo.world.catalog import SKILLS
from intake.models import Event, Receipt, RejectedEvent
from intake.replay import replay_events
from kpis.models import Measurement
from kpis.recompute import recompute_stale
from kpis.recompute.stale_days import request_recompute
from outcomes.models import Survey, Theme

# a file in the data folder that prevents the next start from loading the data again
REMOVED_MARKER = "demonstration-removed"
CAREER_SURVEY = "career-impact"
# what is deleted in one transaction
LEARNERS, EVENTS = 200, 5_000
# what open pages follow
TOPIC = "demonstration"

Progress = Callable[[Removal], object]
Report = Callable[[int, int], None]


class NoOtherSuperuser(Exception):  # noqa: N818 - an expected outcome
    """Without the demonstration accounts, nobody could sign in to the admin."""


def remove(now: datetime, progress: Progress = lambda row: None) -> None:
    """Delete the demonstration data and recompute all KPIs; see `begin` and `complete`."""
    begin(None, now)
    complete(now, progress)


def begin(by: User | None, now: datetime) -> bool:
    """Ask for the removal; return False if it was asked for and has not ended.

    NoOtherSuperuser if there is no other superuser account, Busy while data are being loaded.
    """
    if not real_data.own_superusers().exists():
        raise NoOtherSuperuser
    if Removal.objects.unfinished().exists():
        return False
    with status.only_process():
        Removal.objects.update_or_create(
            pk=Removal.ONLY,
            defaults={"requested_by": by, "requested_at": now, "step": "", "ended_at": None},
        )
    return True


def complete(now: datetime, progress: Progress = lambda row: None) -> bool:
    """Do what was asked for, or what an interrupted removal has left; False if there is nothing.

    A demonstration course that another sender or a real learner has used stays, without its
    made-up learners. Busy if another process is at it.
    """
    with status.only_process():
        row = Removal.objects.unfinished().first()
        if row is None:
            return False
        # from now on, no start loads it again or goes on with an interrupted load
        (settings.KPI_DATA_DIR / REMOVED_MARKER).touch()
        status.end()
        # the steps before the one that was interrupted are done
        first = max(row.step_number - 1, 0)
        for step, remove_part in list(STEPS.items())[first:]:
            remove_part(row, now, _reporting(row, step, progress))
        _end(row)
    return True


def _reporting(row: Removal, step: Removal.Step, progress: Progress) -> Report:
    def report(done: int, total: int) -> None:
        row.step, row.done, row.total = step, done, total
        row.save(update_fields=["step", "done", "total"])
        publish_change([TOPIC])
        progress(row)

    return report


def _end(row: Removal) -> None:
    with locks.queue_to_write(), transaction.atomic():
        # the last trace, by which pages know that there is demonstration data
        Receipt.objects.filter(sender=SENDER.name).delete()
        row.ended_at = timezone.now()
        row.save(update_fields=["ended_at"])
        # last, since one of them may have asked for it
        real_data.demonstration_accounts().delete()
    (settings.KPI_DATA_DIR / accounts.ACCOUNTS_FILE).unlink(missing_ok=True)
    publish_change([TOPIC])


def _remove_learners(row: Removal, now: datetime, report: Report) -> None:
    with locks.queue_to_write(), transaction.atomic():
        adjustment_story.forget()
        experiment_story.forget()
        support_story.forget()
    ids = list(real_data.made_up_learners().order_by("pk").values_list("pk", flat=True))
    _in_parts(ids, LEARNERS, lambda part: Learner.objects.filter(pk__in=part).delete(), report)


def _remove_courses(row: Removal, now: datetime, report: Report) -> None:
    _keep_a_trace()
    ids = list(real_data.unused_courses().values_list("pk", flat=True))
    _in_parts(ids, 1, _remove_course, report)


def _keep_a_trace() -> None:
    """Let one receipt outlast the courses: while there is one, pages say so."""
    mine = Receipt.objects.filter(sender=SENDER.name).order_by("sender", "key", "kind")
    if first := mine.first():
        Receipt.objects.filter(pk=first.pk).update(course=None)


def _remove_course(part: list[int]) -> None:
    locks.lock_courses_exclusive(part)
    # somebody may have enrolled meanwhile
    real_data.unused_courses().filter(pk__in=part).delete()


def _remove_events(row: Removal, now: datetime, report: Report) -> None:
    """Delete the events; the receipts follow at the end."""
    ids = list(Receipt.objects.filter(sender=SENDER.name).order_by().values_list("pk", flat=True))
    _in_parts(ids, EVENTS, lambda part: Event.objects.filter(pk__in=part).delete(), report)
    RejectedEvent.objects.filter(sender=SENDER.name).delete()


def _rebuild_facts(row: Removal, now: datetime, report: Report) -> None:
    replay_events(resumes=row.step == Removal.Step.FACTS, progress=report)
    with locks.queue_to_write(), transaction.atomic():
        _remove_unused()
        _forget_figures()


def _remove_unused() -> None:
    Customer.objects.filter(subscriptions=None, payment=None, subscriptionchange=None).delete()
    Skill.objects.filter(key__in=[key for key, _, _ in SKILLS], modules=None).delete()
    surveys = (course_surveys.SURVEY, open_survey.SURVEY)
    Survey.objects.filter(key__in=surveys, waves__responses=None).delete()
    Survey.objects.filter(key=CAREER_SURVEY).update(follows_completion=True)
    Theme.objects.filter(analyses=None).delete()


def _recompute(row: Removal, now: datetime, report: Report) -> None:
    report(0, 0)
    with recompute_stale.recompute_lock():
        recompute_stale.recompute_stale(now=now, progress=report)


def _forget_figures() -> None:
    """Delete the figures of made-up people, and alerts on the whole site, which were about them.

    All periods count as not evaluated then, also when the demonstration is loaded again.
    """
    Alert.objects.filter(course=None).delete()
    EvaluationRun.objects.all().delete()
    request_recompute(Measurement.objects.all())
    of_kept_courses = Q(course__in=real_data.demonstration_courses())
    Measurement.objects.filter(Q(scope=Measurement.Scope.SITE) | of_kept_courses).delete()


def _in_parts(
    ids: list[int], size: int, delete: Callable[[list[int]], object], report: Report
) -> None:
    """Delete so many rows per transaction, so that events and people get their turn."""
    report(0, len(ids))
    for start in range(0, len(ids), size):
        part = ids[start : start + size]
        with locks.queue_to_write(), transaction.atomic():
            delete(part)
        report(start + len(part), len(ids))


STEPS: dict[Removal.Step, Callable[[Removal, datetime, Report], None]] = {
    Removal.Step.LEARNERS: _remove_learners,
    Removal.Step.COURSES: _remove_courses,
    Removal.Step.EVENTS: _remove_events,
    Removal.Step.FACTS: _rebuild_facts,
    Removal.Step.FIGURES: _recompute,
}
