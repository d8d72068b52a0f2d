"""Which comments wait to be read or sorted. Light: asked before the large libraries are loaded."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from outcomes.models import CommentAnalysis, Response


def is_any() -> bool:
    return unread().exists() or unsorted().exists() or taken_back().exists()


def unread() -> QuerySet[Response]:
    """Answers with a comment that was not read as it stands."""
    is_read = Q(analysis__text=F("comment"), analysis__answered_at=F("answered_at"))
    return Response.objects.exclude(comment="").exclude(is_read)


def unsorted() -> QuerySet[CommentAnalysis]:
    return CommentAnalysis.objects.filter(is_sorted=False)


def taken_back() -> QuerySet[CommentAnalysis]:
    """What was read of comments that are gone."""
    return CommentAnalysis.objects.filter(response__comment="")
