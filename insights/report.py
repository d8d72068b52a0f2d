"""The findings of a category, the most pressing first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from curriculum.models import Course, CourseRun, Module
from insights import candidates, sentences, subjects
from insights.finding import Finding, FindingCandidate, FindingKind, StaleFeed
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import headline
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GroupObject
from presentation.categories import CATEGORIES
from presentation.filters import Filters
from presentation.page_query import PageResult

SHOWN_FIRST = 6


@dataclass(frozen=True)
class FindingsReport:
    """`period` names the closed period examined; empty without one.

    `has_values`: there were values to examine. `json` is the API URL of the same findings.
    """

    findings: Sequence[Finding]
    period: str
    has_values: bool
    json: str

    @property
    def is_shown(self) -> bool:
        return self.has_values or bool(self.findings)

    @property
    def first(self) -> Sequence[Finding]:
        return self.findings[:SHOWN_FIRST]

    @property
    def others(self) -> Sequence[Finding]:
        return self.findings[SHOWN_FIRST:]


def report(service: KpiQueryService, category: str, page: PageResult) -> FindingsReport:
    """Examine all values of a category together, as the reader may see them."""
    filters = page.filters
    examined = list(subjects.subjects(service, page.cards))
    possible = [one for subject in examined for one in candidates.candidates(subject)]
    found = [_finding(one, filters) for one in candidates.significant(possible)]
    stale_feeds = subjects.stale_feeds(service, category, filters.kpi_query)
    found += [_stale_finding(feed, filters) for feed in stale_feeds]
    query = filters.query_string(category=category, module="", compare="")
    return FindingsReport(
        findings=sorted(found, key=lambda finding: finding.rank),
        period=period_name(examined[0].metric_value.period) if examined else "",
        has_values=any(subject.metric_value.is_shown for subject in examined),
        json=reverse("insights:api-findings") + query,
    )


def _finding(candidate: FindingCandidate, filters: Filters) -> Finding:
    subject = candidate.subject
    indicator = subject.metric_value.indicator
    page = reverse("dashboard:kpi", args=[indicator.key])
    link = page + filters.query_string(**_filters_for(subject.thing))
    sentence = sentences.sentence_of(candidate)
    return Finding(
        kind=candidate.kind,
        is_good=candidate.is_good,
        sentence=str(sentence),
        html=sentence.with_link(link),
        link=link,
        category=indicator.category,
        candidate=candidate,
    )


def _stale_finding(feed: StaleFeed, filters: Filters) -> Finding:
    page = reverse("dashboard:kpi", args=[headline(feed.category)[0].key])
    link = page + filters.query_string(**_filters_for(feed.course))
    sentence = sentences.stale_sentence(feed, str(CATEGORIES[feed.category].title))
    return Finding(
        kind=FindingKind.STALE,
        is_good=False,
        sentence=str(sentence),
        html=sentence.with_link(link),
        link=link,
        category=feed.category,
        stale_feed=feed,
    )


def _filters_for(thing: GroupObject | None) -> dict[str, str]:
    if isinstance(thing, Course):
        return {"course": thing.key}
    if isinstance(thing, CourseRun):
        return {"course": thing.course.key, "run": thing.key}
    return {"course": thing.course.key, "module": thing.key} if isinstance(thing, Module) else {}
