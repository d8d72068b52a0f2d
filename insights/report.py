"""The findings of a category, the most pressing first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from django.urls import reverse

from insights import candidates, sentences, significant, subjects
from insights.finding import Finding, FindingCandidate, FindingKind, Rank, StaleFeed, rank_of
from insights.parts import Parts, PartTests
from insights.sentences import Sentence
from insights.significant import Bounds
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import Indicator, headline
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GroupObject
from presentation.categories import CATEGORIES
from presentation.filters import Filters, filters_to
from presentation.page_query import PageResult

SHOWN_FIRST, SHOWN = 6, 30


@dataclass(frozen=True)
class FindingsReport:
    """The most pressing of `count` findings, or all of them.

    `period` names the closed period examined; empty without one. `has_values`: there were values
    to examine. `json` is the API URL of the same findings.
    """

    findings: Sequence[Finding]
    count: int
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

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.findings)


# a rank, and what has it: a finding, or a row of the tests of parts that is not yet in words
Ranked = tuple[Rank, Finding | tuple[PartTests, int]]


def report(
    service: KpiQueryService, category: str, page: PageResult, most: int | None = None
) -> FindingsReport:
    """Examine all values of a category together, as the reader may see them.

    The `most` pressing findings are returned, None for all.
    """
    filters, query = page.filters, page.kpi_query
    wholes = subjects.wholes(service, page.cards)
    values = [one.metric_value for one in wholes]
    parts = None if query.run or query.module or not values else Parts(service, query, values)
    tests = parts.tests() if parts else []
    possible = [one for subject in wholes for one in candidates.candidates(subject)]
    among = significant.bounds(possible, tests)
    stale = subjects.stale_feeds(service, category, filters.kpi_query)
    findings = [
        *(_finding(one, filters) for one in possible if significant.is_significant(one, among)),
        *(_stale_finding(feed, filters) for feed in stale),
    ]
    found: list[Ranked] = [(one.rank, one) for one in findings]
    found += [one for part in tests for one in _of_part(part, among)]
    found.sort(key=itemgetter(0))
    return FindingsReport(
        findings=_in_words(found[:most], parts, filters),
        count=len(found),
        period=period_name(values[0].period) if values else "",
        has_values=any(one.is_shown for one in values) or bool(parts and parts.has_values),
        json=reverse("insights:api-findings")
        + filters.query_string(category=category, module="", compare=""),
    )


def _of_part(part: PartTests, among: Bounds) -> list[Ranked]:
    rows = np.flatnonzero(significant.are_significant(part, among))
    is_course = part.by == "course"
    orders = {
        good: rank_of(part.kind(is_good=good), 0, is_good=good, is_course=is_course)[0]
        for good in (True, False)
    }
    of_rows = zip(rows.tolist(), part.is_good[rows].tolist(), part.size[rows].tolist(), strict=True)
    return [((orders[good], is_course, -size), (part, row)) for row, good, size in of_rows]


def _in_words(found: Sequence[Ranked], parts: Parts | None, filters: Filters) -> list[Finding]:
    """Read the values of those that are shown."""
    rows = [one for _, one in found if isinstance(one, tuple)]
    made = iter(parts.candidates(rows) if parts else ())
    return [one if isinstance(one, Finding) else _finding(next(made), filters) for _, one in found]


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
    return page + filters.query_string(**filters_to(thing))
