"""The search page, and the suggestions for what is being typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.audit import Action, record
from accounts.models import User
from accounts.reader import Reader
from curriculum.models import Enrollment
from navigation import found_rows, found_texts
from navigation.hits import MOST, Group, Hit, words_of
from support.access import PERMISSION

MAX_LENGTH = 100


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show all that is found; that learners were listed is recorded."""
    text, words = _asked(request)
    reader = Reader.of(request.user)
    groups = [*_learners(request, reader, words), *_groups(reader, words)]
    context = {"reader": reader, "text": text, "words": words, "groups": groups}
    return render(request, "navigation/search.html", context)


@login_required
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """Show what is found without learners, whose names are not to be recorded for each letter."""
    text, words = _asked(request)
    groups = list(_groups(Reader.of(request.user), words))
    context = {"text": text, "words": words, "groups": groups}
    return render(request, "navigation/_groups.html", context)


def _asked(request: HttpRequest) -> tuple[str, list[str]]:
    text = request.GET.get("q", "").replace("\0", "").strip()[:MAX_LENGTH]
    return text, words_of(text)


def _groups(reader: Reader, words: Sequence[str]) -> Iterator[Group]:
    if not words:
        return
    found: list[tuple[str, Iterable[Hit]]] = [(gettext("Help"), found_texts.help_pages(words))]
    if reader.reads_kpis:
        found = [
            (gettext("KPIs"), found_texts.kpis(words)),
            (gettext("Courses"), found_rows.courses(reader, words)),
            (gettext("Runs"), found_rows.runs(reader, words)),
            (gettext("Modules"), found_rows.modules(reader, words)),
            (gettext("Alerts"), found_rows.alerts(reader, words)),
            (gettext("Experiments"), found_rows.experiments(reader, words)),
            (gettext("Parameters"), found_texts.parameters_found(words)),
            (gettext("Definitions"), found_texts.kpi_definitions(words)),
            *found,
        ]
    yield from (group for title, hits in found if (group := _group(title, hits)).hits)


def _learners(request: HttpRequest, reader: Reader, words: Sequence[str]) -> Iterator[Group]:
    user = request.user
    if not (words and reader.reads_kpis and isinstance(user, User) and user.has_perm(PERMISSION)):
        return
    found = found_rows.learners(reader, words)
    group = _group(gettext("Learners"), found_rows.learner_hits(found))
    record(request, Action.VIEWED, about=Enrollment, count=len(group.hits))
    if group.hits:
        yield group


def _group(title: str, hits: Iterable[Hit]) -> Group:
    found = list(islice(hits, MOST + 1))
    return Group(title, found[:MOST], has_more=len(found) > MOST)
