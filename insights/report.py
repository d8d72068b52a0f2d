"""The findings of a tab, in the order in which they want to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from curriculum.models import Course, CourseRun, Module
from insights import candidates, gather, sentences
from insights.finding import Finding, FindingCandidate, FindingKind, StaleFeed
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import headline
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GroupObject
from presentation.categories import CATEGORIES
from presentation.filters import Filters
from presentation.page_query import PageResult

FIRST = 6


@dataclass(frozen=True)
class FindingsReport:
    """`period` is the name of the last closed one, which was judged; empty where none is.

    `is_judged` is False where there was no figure to judge, `json` the address of the same.
    """

    findings: Sequence[Finding]
    period: str
    is_judged: bool
    json: str

    @property
    def is_shown(self) -> bool:
        return self.is_judged or bool(self.findings)

    @property
    def first(self) -> Sequence[Finding]:
        return self.findings[:FIRST]

    @property
    def others(self) -> Sequence[Finding]:
        return self.findings[FIRST:]


def report(desk: KpiQueryService, category: str, asked: PageResult) -> FindingsReport:
    """Judge all figures of a category at once, as the reader may see them."""
    filters = asked.filters
    subjects = list(gather.subjects(desk, asked.cards))
    claims = [claim for subject in subjects for claim in candidates.candidates(subject)]
    found = [_finding(claim, filters) for claim in candidates.beyond_chance(claims)]
    found += [
        _told(silence, filters) for silence in gather.stale_feeds(desk, category, filters.kpi_query)
    ]
    period = period_name(subjects[0].answer.period) if subjects else ""
    return FindingsReport(
        findings=sorted(found, key=lambda finding: finding.rank),
        period=period,
        is_judged=any(subject.answer.is_shown for subject in subjects),
        json=reverse("insights:api-findings")
        + filters.query_string(category=category, module="", compare=""),
    )


def _finding(claim: FindingCandidate, filters: Filters) -> Finding:
    subject = claim.subject
    indicator = subject.answer.indicator
    page = reverse("dashboard:kpi", args=[indicator.key])
    return Finding(
        kind=claim.kind,
        is_good=claim.is_good,
        subject=sentences.subject_of(subject),
        rest=sentences.sentence_of(claim),
        link=page + filters.query_string(**_filtered_to(subject.thing)),
        category=indicator.category,
        claim=claim,
    )


def _told(silence: StaleFeed, filters: Filters) -> Finding:
    indicator = headline(silence.category)[0]
    page = reverse("dashboard:kpi", args=[indicator.key])
    return Finding(
        kind=FindingKind.STALE,
        is_good=False,
        subject=sentences.name_of_stale_feed(silence, str(CATEGORIES[silence.category].title)),
        rest=sentences.sentence_of_stale_feed(silence),
        link=page + filters.query_string(**_filtered_to(silence.course)),
        category=silence.category,
        silence=silence,
    )


def _filtered_to(thing: GroupObject | None) -> dict[str, str]:
    if isinstance(thing, Course):
        return {"course": thing.key}
    if isinstance(thing, CourseRun):
        return {"course": thing.course.key, "run": thing.key}
    return {"course": thing.course.key, "module": thing.key} if isinstance(thing, Module) else {}
