"""The findings of a category, the most pressing first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from curriculum.models import Course, CourseRun, Module
from insights import candidates, sentences, subjects
from insights.finding import Finding, FindingCandidate, FindingKind, StaleFeed
from insights.sentences import Sentence
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import Indicator, headline
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GroupObject
from presentation.categories import CATEGORIES
from presentation.filters import Filters
from presentation.page_query import PageResult

SHOWN_FIRST, SHOWN = 6, 30


@dataclass(frozen=True)
class FindingsReport:
    """`period` names the closed period examined; empty without one.

    `has_values`: there were values to examine. `json` is the API URL of the same findings.
    A page shows the `shown` most pressing ones.
    """

    findings: Sequence[Finding]
    period: str
    has_values: bool
    json: str
    shown: int = SHOWN

    @property
    def is_shown(self) -> bool:
        return self.has_values or bool(self.findings)

    @property
    def first(self) -> Sequence[Finding]:
        return self.findings[:SHOWN_FIRST]

    @property
    def others(self) -> Sequence[Finding]:
        return self.findings[SHOWN_FIRST : self.shown]

    @property
    def is_cut(self) -> bool:
        return len(self.findings) > self.shown


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
    indicator = candidate.subject.metric_value.indicator

    def describe() -> tuple[Sentence, str]:
        link = _page_of(indicator, candidate.subject.thing, filters)
        return sentences.describe_error(candidate), link

    return Finding(
        kind=candidate.kind,
        is_good=candidate.is_good,
        category=indicator.category,
        describe=describe,
        candidate=candidate,
    )


def _stale_finding(feed: StaleFeed, filters: Filters) -> Finding:
    def describe() -> tuple[Sentence, str]:
        link = _page_of(headline(feed.category)[0], feed.course, filters)
        return sentences.stale_sentence(feed, str(CATEGORIES[feed.category].title)), link

    return Finding(
        kind=FindingKind.STALE,
        is_good=False,
        category=feed.category,
        describe=describe,
        stale_feed=feed,
    )


def _page_of(indicator: Indicator, thing: GroupObject | None, filters: Filters) -> str:
    """Return the URL of the KPI's page, filtered to the course, run or module."""
    page = reverse("dashboard:kpi", args=[indicator.key])
    return page + filters.query_string(**_filters_for(thing))


def _filters_for(thing: GroupObject | None) -> dict[str, str]:
    if isinstance(thing, Course):
        return {"course": thing.key}
    if isinstance(thing, CourseRun):
        return {"course": thing.course.key, "run": thing.key}
    return {"course": thing.course.key, "module": thing.key} if isinstance(thing, Module) else {}
