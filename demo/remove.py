"""Take the demonstration out of the database: what other senders and staff made stays."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from alerts.models import Alert
from business.models import Customer
from curriculum.models import Course, Enrollment, Learner, Skill
from demo import accounts
from demo.load import SENDER
from demo.outcomes import course_surveys
from demo.world.catalog import SKILLS, SYLLABI
from intake.models import Event, RejectedEvent
from intake.replay import replay_events
from kpis.models import Measurement
from kpis.recompute import recompute_stale
from kpis.recompute.stale_days import request_recompute
from outcomes.models import Survey, Theme

# left in the data folder, so that the next start does not load the demonstration again
NOTE = "demonstration-removed"
CAREERS = "career-impact"
EMAILS = [email for _, email in accounts.ACCOUNTS]


class NobodyElse(Exception):  # noqa: N818 - it is an answer to who asked, not an error of ours
    """Without the demonstration's accounts nobody could sign in to the admin."""


def is_there() -> bool:
    return Event.objects.filter(sender=SENDER.name).exists()


def remove(now: datetime) -> None:
    """Delete what the demonstration made, and compute anew what is left; all or nothing.

    A course of the demonstration that another sender has used stays, without the people made up.
    NobodyElse where no other account of staff may do everything.
    """
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(email__in=EMAILS)
    if not others.exists():
        raise NobodyElse
    with transaction.atomic():
        _delete_what_was_told()
        replay_events()
        _delete_what_is_empty()
        _measure(now)
    (settings.KPI_DATA_DIR / accounts.FILE).unlink(missing_ok=True)
    (settings.KPI_DATA_DIR / NOTE).touch()


def _delete_what_was_told() -> None:
    theirs = Event.objects.exclude(sender=SENDER.name)
    mine = Event.objects.filter(sender=SENDER.name)
    named = set(mine.exclude(learner="").values_list("learner", flat=True))
    named -= set(theirs.filter(learner__in=named).values_list("learner", flat=True))
    mine.delete()
    RejectedEvent.objects.filter(sender=SENDER.name).delete()
    used = Exists(theirs.filter(course=OuterRef("pk")))
    Course.objects.filter(~used, key__in=[one.key for one in SYLLABI]).delete()
    _learners(named).delete()
    User.objects.filter(email__in=EMAILS).delete()


def _learners(named: set[str]) -> QuerySet[Learner]:
    """Those named by nobody else who are in no course that the demonstration does not teach."""
    elsewhere = ~Q(run__course__key__in=[one.key for one in SYLLABI])
    rows = Learner.objects.filter(key__in=named)
    return rows.exclude(pk__in=Enrollment.objects.filter(elsewhere).values("learner"))


def _delete_what_is_empty() -> None:
    Customer.objects.filter(subscriptions=None, payment=None, subscriptionmoment=None).delete()
    Skill.objects.filter(key__in=[key for key, _, _ in SKILLS], modules=None).delete()
    Survey.objects.filter(key=course_surveys.SURVEY, waves__responses=None).delete()
    Survey.objects.filter(key=CAREERS).update(follows_completion=True)
    Theme.objects.filter(remarks=None).delete()


def _measure(now: datetime) -> None:
    """Compute all figures anew; alerts on the site were about people who are no more."""
    Alert.objects.filter(course=None).delete()
    request_recompute(Measurement.objects.all())
    Measurement.objects.all().delete()
    recompute_stale.recompute_stale(now=now)
