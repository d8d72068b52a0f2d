"""Find the comments to analyze, without loading the large libraries that the analysis needs."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from outcomes.models import CommentAnalysis, Response


def exist() -> bool:
    """True when there is anything to analyze, classify or delete."""
    return to_analyze().exists() or to_classify().exists() or withdrawn().exists()


def to_analyze() -> QuerySet[Response]:
    """Answers whose current comment has not been analyzed."""
    is_analyzed = Q(analysis__text=F("comment"), analysis__answered_at=F("answered_at"))
    return Response.objects.exclude(comment="").exclude(is_analyzed)


def to_classify() -> QuerySet[CommentAnalysis]:
    """Analyses whose theme has not been determined."""
    return CommentAnalysis.objects.filter(is_classified=False)


def withdrawn() -> QuerySet[CommentAnalysis]:
    """Analyses of comments that the learner has removed."""
    return CommentAnalysis.objects.filter(response__comment="")
