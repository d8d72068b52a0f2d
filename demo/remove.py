"""Remove the demonstration data, and keep what other senders and staff have added."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from alerts.models import Alert, EvaluationRun
from business.models import Customer
from curriculum.models import Course, Enrollment, Learner, Skill
from demo import accounts, adjustment_story, experiment_story, status, support_story
from demo.outcomes import course_surveys, open_survey
from demo.status import SENDER
from demo.world.catalog import SKILLS, SYLLABI
from intake.models import Event, Receipt, RejectedEvent
from intake.replay import replay_events
from kpis.models import Measurement
from kpis.recompute import recompute_stale
from kpis.recompute.stale_days import request_recompute
from outcomes.models import Survey, Theme

# a file in the data folder that prevents the next start from loading the data again
REMOVED_MARKER = "demonstration-removed"
CAREER_SURVEY = "career-impact"
EMAILS = [email for _, email in accounts.ACCOUNTS]


class NoOtherSuperuser(Exception):  # noqa: N818 - an expected outcome
    """Without the demonstration accounts, nobody could sign in to the admin."""


def remove(now: datetime) -> None:
    """Delete the demonstration data and recompute all KPIs, in one transaction.

    A demonstration course that another sender has used stays, without its made-up learners.
    NoOtherSuperuser if there is no other superuser account.
    """
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(email__in=EMAILS)
    if not others.exists():
        raise NoOtherSuperuser
    with transaction.atomic():
        _delete_events_and_people()
        replay_events()
        _delete_unused()
        _recompute(now)
    (settings.KPI_DATA_DIR / accounts.ACCOUNTS_FILE).unlink(missing_ok=True)
    (settings.KPI_DATA_DIR / REMOVED_MARKER).touch()
    status.end()


def _delete_events_and_people() -> None:
    other_events = Event.objects.exclude(sender=SENDER.name)
    demo_events = Event.objects.filter(sender=SENDER.name)
    learner_keys = set(demo_events.exclude(learner="").values_list("learner", flat=True))
    learner_keys -= set(
        other_events.filter(learner__in=learner_keys).values_list("learner", flat=True)
    )
    demo_events.delete()
    Receipt.objects.filter(sender=SENDER.name).delete()
    RejectedEvent.objects.filter(sender=SENDER.name).delete()
    others = Receipt.objects.exclude(sender=SENDER.name)
    used = Exists(others.filter(course=OuterRef("pk")))
    adjustment_story.forget()
    experiment_story.forget()
    support_story.forget()
    Course.objects.filter(~used, key__in=[one.key for one in SYLLABI]).delete()
    _only_in_demo(learner_keys).delete()
    User.objects.filter(email__in=EMAILS).delete()


def _only_in_demo(learner_keys: set[str]) -> QuerySet[Learner]:
    """The learners with these keys who are enrolled in demonstration courses only."""
    other_courses = ~Q(run__course__key__in=[one.key for one in SYLLABI])
    rows = Learner.objects.filter(key__in=learner_keys)
    return rows.exclude(pk__in=Enrollment.objects.filter(other_courses).values("learner"))


def _delete_unused() -> None:
    Customer.objects.filter(subscriptions=None, payment=None, subscriptionchange=None).delete()
    Skill.objects.filter(key__in=[key for key, _, _ in SKILLS], modules=None).delete()
    surveys = (course_surveys.SURVEY, open_survey.SURVEY)
    Survey.objects.filter(key__in=surveys, waves__responses=None).delete()
    Survey.objects.filter(key=CAREER_SURVEY).update(follows_completion=True)
    Theme.objects.filter(analyses=None).delete()


def _recompute(now: datetime) -> None:
    """Recompute all KPIs, and delete alerts on the whole site, which were about made-up people.

    All periods count as not evaluated then, also when the demonstration is loaded again.
    """
    Alert.objects.filter(course=None).delete()
    EvaluationRun.objects.all().delete()
    request_recompute(Measurement.objects.all())
    Measurement.objects.all().delete()
    recompute_stale.recompute_stale(now=now)
