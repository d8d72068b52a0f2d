"""Tell what is made up from what is real: what a removal deletes, and what it keeps."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from curriculum.models import Course, Enrollment, Learner
from demo.known_password import EMAILS
from demo.status import SENDER
from demo.world.catalog import SYLLABI
from intake.models import Event, Receipt

COURSE_KEYS = [one.key for one in SYLLABI]
ADDRESSES = list(EMAILS.values())


def made_up_learners() -> QuerySet[Learner]:
    """The learners that only demonstration events name, in demonstration courses only."""
    of_events = Event.objects.exclude(learner="").order_by()
    keys = set(of_events.filter(sender=SENDER.name).values_list("learner", flat=True).distinct())
    real = of_events.exclude(sender=SENDER.name).filter(learner__in=keys)
    keys -= set(real.values_list("learner", flat=True).distinct())
    elsewhere = Enrollment.objects.exclude(run__course__key__in=COURSE_KEYS)
    rows = Learner.objects.filter(key__in=keys)
    return rows.exclude(pk__in=elsewhere.values("learner"))


def demonstration_courses() -> QuerySet[Course]:
    return Course.objects.filter(key__in=COURSE_KEYS)


def unused_courses(learners: QuerySet[Learner] | None = None) -> QuerySet[Course]:
    """The demonstration courses without real events and, except for `learners`, without any."""
    sent = Receipt.objects.exclude(sender=SENDER.name).filter(course=OuterRef("pk"))
    enrolled = Enrollment.objects.filter(run__course=OuterRef("pk"))
    if learners is not None:
        enrolled = enrolled.exclude(learner__in=learners)
    return demonstration_courses().filter(~Exists(sent), ~Exists(enrolled))


def demonstration_accounts() -> QuerySet[User]:
    return User.objects.filter(email__in=ADDRESSES)


def own_accounts() -> QuerySet[User]:
    return User.objects.exclude(email__in=ADDRESSES)


def own_superusers() -> QuerySet[User]:
    return own_accounts().filter(is_superuser=True, is_active=True)


def own_receipts() -> Q:
    """Receipts of other senders, as a condition that an index answers."""
    return Q(sender__lt=SENDER.name) | Q(sender__gt=SENDER.name)
