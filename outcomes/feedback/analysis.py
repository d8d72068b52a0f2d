"""Analyze new comments, assign them to themes, and search for new themes from time to time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.database.locks import lock_to_write
from curriculum.models import Course, Module
from outcomes.feedback import language, pending_comments, sentiment, theme_names, topics
from outcomes.feedback.keywords import pattern_of, words_of
from outcomes.models import CommentAnalysis, Response, Theme, TopicRun

BATCH = 500
MIN_COMMENTS = 30
# themes are searched again after the number of comments has grown by this share and this number
MIN_GROWTH_SHARE, MIN_GROWTH = 0.2, 20
# a search uses at most the latest so many comments
MAX_COMMENTS = 20_000
ANALYSIS_FIELDS = (
    *("text", "answered_at", "language", "mood", "sentiment", "is_from_rating"),
    *("theme", "fit", "is_classified"),
)


def analyze_comments(now: datetime | None = None) -> int:
    """Bring analyses and themes up to date, and return the number of comments analyzed.

    Running it twice or stopping it is safe: a comment stays pending until its result is stored.
    """
    with lock_to_write("feedback"):
        pending_comments.withdrawn().delete()
        analyzed = sum(map(_analyze, _batches(pending_comments.to_analyze().order_by("pk"))))
        if _is_search_due():
            _search_themes(now or timezone.now())
        _classify_all()
    return analyzed


def _batches(rows: QuerySet[Response]) -> Iterator[Sequence[Response]]:
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].pk


def _analyze(responses: Sequence[Response]) -> int:
    CommentAnalysis.objects.bulk_create(
        [_analysis(response) for response in responses],
        update_conflicts=True,
        unique_fields=["response"],
        update_fields=ANALYSIS_FIELDS,
    )
    return len(responses)


def _analysis(response: Response) -> CommentAnalysis:
    text = response.comment
    code = language.detect(text, reported=response.language)
    score, mood, is_from_rating = (None, CommentAnalysis.Mood.SKIPPED.value, False)
    if code == language.ENGLISH:
        score, mood, is_from_rating = sentiment.of_comment(
            text, csat=response.csat, nps=response.nps
        )
    return CommentAnalysis(
        response=response,
        text=text,
        answered_at=response.answered_at,
        language=code,
        mood=mood,
        sentiment=score,
        is_from_rating=is_from_rating,
        # only English comments have themes
        is_classified=code != language.ENGLISH,
    )


def _english() -> QuerySet[CommentAnalysis]:
    return CommentAnalysis.objects.filter(language=language.ENGLISH)


def _is_search_due() -> bool:
    comments, last = _english().count(), TopicRun.objects.first()
    if last is None:
        return comments >= MIN_COMMENTS
    return comments - last.comments >= max(MIN_GROWTH, MIN_GROWTH_SHARE * last.comments)


@transaction.atomic
def _search_themes(now: datetime) -> None:
    """Search for topics and match them to the existing themes, so that themes keep their names."""
    names = _titles_pattern()
    texts = _english().order_by("-answered_at", "-response").values_list("text", flat=True)
    # the same words many times are one opinion, not a subject
    distinct = dict.fromkeys(texts[:MAX_COMMENTS])
    found = topics.find_topics([words_of(text, names=names) for text in distinct])
    themes = list(Theme.objects.order_by("pk"))
    known = topics.match([theme.terms for theme in themes], found)
    kept = {_update_theme(themes[known[at]], found[at]).pk for at in known}
    kept |= {_create_theme(terms).pk for at, terms in enumerate(found) if at not in known}
    if found:
        _retire(kept, now)
    CommentAnalysis.objects.exclude(mood=CommentAnalysis.Mood.SKIPPED).update(is_classified=False)
    count = Theme.objects.in_use().count()
    TopicRun.objects.create(comments=_english().count(), themes=count, searched_at=now)


def _update_theme(theme: Theme, terms: topics.Terms) -> Theme:
    """Bring a theme that was found again into use, with its current words unless it is pinned."""
    theme.retired_at = None
    if not theme.is_pinned:
        theme.terms = dict(terms)
    theme.save(update_fields=["terms", "retired_at"])
    return theme


def _create_theme(terms: topics.Terms) -> Theme:
    existing = Theme.objects.values_list("name", "key")
    name = theme_names.name_for(terms, {name for name, _ in existing})
    return Theme.objects.create(
        key=theme_names.key_for(name, {key for _, key in existing}),
        name=name,
        terms=dict(terms),
        kpi=theme_names.kpi_for(terms),
    )


def _retire(kept: set[int], now: datetime) -> None:
    """Retire themes that were not found again, except pinned ones and merge targets in use."""
    in_use = Q(pk__in=kept) | Q(is_pinned=True) | Q(merged__in=kept)
    retired = Theme.objects.filter(retired_at=None).exclude(
        pk__in=Theme.objects.filter(in_use).values("pk")
    )
    retired.update(retired_at=now)


def _classify_all() -> None:
    """Assign each pending comment to the theme that fits best, or to none."""
    names = _titles_pattern()
    themes = list(Theme.objects.filter(retired_at=None).order_by("pk"))
    while batch := list(pending_comments.to_classify().order_by("pk")[:BATCH]):
        for comment in batch:
            _classify(comment, themes, names)
        # much faster than bulk_update, which writes one CASE per row
        CommentAnalysis.objects.bulk_create(
            batch,
            update_conflicts=True,
            unique_fields=["response"],
            update_fields=["theme", "fit", "is_classified"],
        )


def _classify(
    comment: CommentAnalysis, themes: Sequence[Theme], names: re.Pattern[str] | None
) -> None:
    words = words_of(comment.text, names=names)
    fits: Mapping[int, float] = {
        at: topics.fit(words, theme.terms) for at, theme in enumerate(themes)
    }
    best = max(fits, key=lambda at: fits[at], default=None)
    comment.theme_id, comment.fit, comment.is_classified = None, 0.0, True
    if best is not None and fits[best] >= topics.MIN_FIT:
        theme = themes[best]
        comment.theme_id, comment.fit = theme.merged_into_id or theme.pk, round(fits[best], 4)


def _titles_pattern() -> re.Pattern[str] | None:
    """Match the titles of courses and modules, which must not become themes."""
    courses = Course.objects.values_list("title", flat=True)
    return pattern_of([*courses, *Module.objects.values_list("title", flat=True)])
