"""Read new comments, sort them by theme, and look for themes anew when there are enough.

It imports large libraries, so only the task imports it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.locks import lock_to_write
from curriculum.models import Course, Module
from outcomes.feedback import language, pending_comments, sentiment, theme_names, topics
from outcomes.feedback.keywords import pattern_of, words_of
from outcomes.models import CommentAnalysis, Response, Theme, TopicRun

AT_ONCE = 500
FEWEST_COMMENTS = 30
# looked for anew once there is this share more, and at least so many
SHARE_MORE, FEWEST_MORE = 0.2, 20
# of more than that the latest tell enough
MOST_COMMENTS = 20_000
WRITTEN = (
    *("text", "answered_at", "language", "mood", "sentiment", "is_by_rating"),
    *("theme", "fit", "is_sorted"),
)


def analyze_comments(now: datetime | None = None) -> int:
    """Bring remarks and themes up to what learners wrote; returns the comments read.

    Safe to run twice or to be killed: what is not written yet is found again.
    """
    with lock_to_write("feedback"):
        pending_comments.taken_back().delete()
        read = sum(_read(some) for some in _chunks(pending_comments.unread().order_by("pk")))
        if _is_time_to_search():
            _search(now or timezone.now())
        _sort_all()
    return read


def _chunks(rows: QuerySet[Response]) -> Iterator[Sequence[Response]]:
    last = 0
    while some := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        yield some
        last = some[-1].pk


def _read(responses: Sequence[Response]) -> int:
    CommentAnalysis.objects.bulk_create(
        [_remark(response) for response in responses],
        update_conflicts=True,
        unique_fields=["response"],
        update_fields=WRITTEN,
    )
    return len(responses)


def _remark(response: Response) -> CommentAnalysis:
    text = response.comment
    spoken = language.of(text, told=response.language)
    score, mood, is_rated = (None, CommentAnalysis.Mood.UNREAD.value, False)
    if spoken == language.ENGLISH:
        score, mood, is_rated = sentiment.of(text, csat=response.csat, nps=response.nps)
    return CommentAnalysis(
        response=response,
        text=text,
        answered_at=response.answered_at,
        language=spoken,
        mood=mood,
        sentiment=score,
        is_by_rating=is_rated,
        # only English has themes
        is_sorted=spoken != language.ENGLISH,
    )


def _english() -> QuerySet[CommentAnalysis]:
    return CommentAnalysis.objects.filter(language=language.ENGLISH)


def _is_time_to_search() -> bool:
    comments, last = _english().count(), TopicRun.objects.first()
    if last is None:
        return comments >= FEWEST_COMMENTS
    return comments - last.comments >= max(FEWEST_MORE, SHARE_MORE * last.comments)


@transaction.atomic
def _search(now: datetime) -> None:
    """Look for topics and match them to the themes there are, so that names stay."""
    names = _names()
    texts = _english().order_by("-answered_at", "-response").values_list("text", flat=True)
    # the same words again and again are one opinion, and no subject
    different = dict.fromkeys(texts[:MOST_COMMENTS])
    found = topics.find([words_of(text, names=names) for text in different])
    themes = list(Theme.objects.order_by("pk"))
    known = topics.pairs([theme.terms for theme in themes], found)
    kept = {_meet(themes[known[at]], found[at]).pk for at in known}
    kept |= {_make(terms).pk for at, terms in enumerate(found) if at not in known}
    if found:
        _retire(kept, now)
    CommentAnalysis.objects.exclude(mood=CommentAnalysis.Mood.UNREAD).update(is_sorted=False)
    count = Theme.objects.in_use().count()
    TopicRun.objects.create(comments=_english().count(), themes=count, searched_at=now)


def _meet(theme: Theme, terms: topics.Terms) -> Theme:
    """A theme was found again, in the words that it is told by now."""
    theme.retired_at = None
    if not theme.is_pinned:
        theme.terms = dict(terms)
    theme.save(update_fields=["terms", "retired_at"])
    return theme


def _make(terms: topics.Terms) -> Theme:
    there = Theme.objects.values_list("name", "key")
    name = theme_names.name_for(terms, {name for name, _ in there})
    return Theme.objects.create(
        key=theme_names.key_for(name, {key for _, key in there}),
        name=name,
        terms=dict(terms),
        kpi=theme_names.kpi_for(terms),
    )


def _retire(kept: set[int], now: datetime) -> None:
    """Set aside the themes that no comments are about: not the pinned, nor what others are in."""
    wanted = Q(pk__in=kept) | Q(is_pinned=True) | Q(merged__in=kept)
    gone = Theme.objects.filter(retired_at=None).exclude(
        pk__in=Theme.objects.filter(wanted).values("pk")
    )
    gone.update(retired_at=now)


def _sort_all() -> None:
    """Give each comment that waits the theme that it is most about, or none."""
    names = _names()
    themes = list(Theme.objects.filter(retired_at=None).order_by("pk"))
    while some := list(pending_comments.unsorted().order_by("pk")[:AT_ONCE]):
        for remark in some:
            _sort(remark, themes, names)
        # by far quicker than an update of many rows by their cases
        CommentAnalysis.objects.bulk_create(
            some,
            update_conflicts=True,
            unique_fields=["response"],
            update_fields=["theme", "fit", "is_sorted"],
        )


def _sort(remark: CommentAnalysis, themes: Sequence[Theme], names: re.Pattern[str] | None) -> None:
    words = words_of(remark.text, names=names)
    fits: Mapping[int, float] = {
        at: topics.fit(words, theme.terms) for at, theme in enumerate(themes)
    }
    best = max(fits, key=lambda at: fits[at], default=None)
    remark.theme_id, remark.fit, remark.is_sorted = None, 0.0, True
    if best is not None and fits[best] >= topics.WEAKEST:
        theme = themes[best]
        remark.theme_id, remark.fit = theme.merged_into_id or theme.pk, round(fits[best], 4)


def _names() -> re.Pattern[str] | None:
    """What courses and modules are called: no theme is about a name."""
    courses = Course.objects.values_list("title", flat=True)
    return pattern_of([*courses, *Module.objects.values_list("title", flat=True)])
