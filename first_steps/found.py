"""What of the first steps is in the database, without what the demonstration has put there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import CourseGrant, RunGrant, User
from curriculum.models import Course, Enrollment
from demo import real_data
from first_steps.mail import is_mail_delivered
from first_steps.models import Dismissal
from intake.models import Receipt
from kpis.models import Target
from notifications.models import Channel

# more are not counted
MOST = 10_000


@dataclass(frozen=True)
class Found:
    """Which steps are done, by their keys, and whether the account has put the list away."""

    done: frozenset[str]
    is_dismissed: bool


def find(account: User, *, with_demonstration: bool) -> Found:
    """Look for what is there, with one query."""
    received = Exists(Receipt.objects.filter(real_data.own_receipts()))
    # imports of whole data sets bring no events
    enrolled = Exists(enrollments(with_demonstration=with_demonstration))
    sources = {
        "account": Exists(own_staff()),
        "courses": Exists(courses(with_demonstration=with_demonstration)),
        "data": received | enrolled,
        "targets": Exists(targets()),
        "people": Exists(people(account)),
        "notifications": Exists(channels()),
        "dismissed": Exists(Dismissal.objects.filter(account=account.pk)),
    }
    asked = User.objects.filter(pk=account.pk).order_by()
    named = {f"has_{key}": exists for key, exists in sources.items()}
    row: Any = asked.values(**named).get()
    there = {key for key in sources if row[f"has_{key}"]}
    return Found(frozenset(there - {"dismissed"}), "dismissed" in there)


def own_staff() -> QuerySet[User]:
    return real_data.own_accounts().filter(is_active=True, is_staff=True)


def courses(*, with_demonstration: bool) -> QuerySet[Course]:
    rows = Course.objects.all()
    return rows.exclude(key__in=real_data.COURSE_KEYS) if with_demonstration else rows


def enrollments(*, with_demonstration: bool) -> QuerySet[Enrollment]:
    rows = Enrollment.objects.order_by()
    if not with_demonstration:
        return rows
    return rows.exclude(run__course__key__in=real_data.COURSE_KEYS)


def targets() -> QuerySet[Target]:
    """Targets that somebody has set; those that ship have no author."""
    return Target.objects.exclude(set_by=None).exclude(
        set_by__in=real_data.demonstration_accounts()
    )


def people(account: User) -> QuerySet[User]:
    """Other accounts that see figures."""
    granted = Exists(CourseGrant.objects.filter(user=OuterRef("pk"))) | Exists(
        RunGrant.objects.filter(user=OuterRef("pk"))
    )
    others = real_data.own_accounts().filter(is_active=True).exclude(pk=account.pk)
    return others.filter(Q(is_staff=True) | granted)


def channels() -> QuerySet[Channel]:
    """Active channels that reach people outside of the product."""
    reaching = [Channel.Kind.WEBHOOK, Channel.Kind.SLACK]
    if is_mail_delivered():
        reaching.append(Channel.Kind.EMAIL)
    return Channel.objects.filter(is_active=True, gets_alerts=True, kind__in=reaching)


def count(rows: QuerySet[Any]) -> int:
    """Count rows, up to MOST."""
    return rows.order_by().values("pk")[:MOST].count()
