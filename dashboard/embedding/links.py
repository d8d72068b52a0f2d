"""Make, find and withdraw the links that other sites embed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.reader import Reader
from curriculum.models import Course, CourseRun
from dashboard.models import EmbedLink

# without a time, so that a link is always spelled alike; its row says when it ends
SIGNER = signing.Signer(salt="dashboard.embedding")


class LinkEnded(Exception):  # noqa: N818 - no error, an answer
    """The link has expired or was withdrawn, or its maker may no longer see what it shows."""


def make(
    name: str,
    shown: str,
    *,
    course: Course | None,
    run: CourseRun | None = None,
    period: str,
    days: int,
    by: User,
) -> EmbedLink:
    """Make a link that works until the end of a day; `shown` is the key of a KPI or a tab.

    It ends at midnight, because responses are kept for up to a minute.
    """
    last = timezone.localdate() + timedelta(days=days)
    is_kpi = "." in shown
    return EmbedLink.objects.create(
        name=name,
        kpi=shown if is_kpi else "",
        tab="" if is_kpi else shown,
        course=run.course if run else course,
        run=run,
        period=period,
        made_by=by,
        made_at=timezone.now(),
        expires_at=timezone.make_aware(datetime.combine(last + timedelta(days=1), time())),
    )


def url_of(link: EmbedLink) -> str:
    token = SIGNER.sign_object(link.pk)
    return settings.KPI_BASE_URL + reverse("dashboard:embedded", args=[token])


def link_of(token: str, now: datetime) -> EmbedLink | None:
    """Return the valid link of a token; None for one that is forged, LinkEnded for a former one."""
    try:
        pk = SIGNER.unsign_object(token)
    except signing.BadSignature:
        return None
    links = EmbedLink.objects.select_related("course", "run", "made_by")
    link = links.filter(pk=pk).first()
    if link is None or link.withdrawn_at or link.expires_at <= now:
        raise LinkEnded
    return link


def reader_of(link: EmbedLink) -> Reader:
    """Return what the link may show: what its maker sees today, without small groups."""
    reader = replace(Reader.of(link.made_by), sees_small_groups=False, manages_seats=False)
    if not may_show(reader, link.course, link.run):
        raise LinkEnded
    return reader


def may_show(reader: Reader, course: Course | None, run: CourseRun | None = None) -> bool:
    """Return whether the reader sees a run, a course as a whole or, without one, any at all."""
    if not reader.reads_kpis:
        return False
    if run is not None:
        return reader.may_see_figures(frozenset({run.course_id}), run.pk)
    if course is None:
        return reader.sees_every_course or bool(reader.course_ids)
    return reader.may_see(course.pk)


def withdraw(link: EmbedLink, *, by: User) -> bool:
    """End a link at once; return False if it had been withdrawn before."""
    rows = EmbedLink.objects.filter(pk=link.pk, withdrawn_at=None)
    return bool(rows.update(withdrawn_at=timezone.now(), withdrawn_by=by))
