"""Engagement depth: its components, weighted by parameters that keep their history."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from unittest.mock import patch

import pytest
from pytest_django import Settings

from accounts.reader import Reader
from curriculum import parameters
from curriculum.models import Course, Parameter
from engagement.parameter_definitions import INTERACTION_WEIGHT, VIDEO_WEIGHT
from engagement.tests.school import did, enrolled, period, school
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.query.kpi_query import KpiQueryForm
from kpis.query.query_service import KpiQueryService
from kpis.query.results import MetricValue
from kpis.recompute import recompute_stale

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 10, tzinfo=UTC)
ALL = Reader(True, True, True, frozenset())
JANUARY = period("2026-01-31")
DEPTH = REGISTRY["engagement.depth"]


@pytest.fixture(autouse=True)
def python() -> Course:
    """Ada watched 90 of 100 s; one of her two weeks is productive; she tried her one quiz."""
    made = school()
    enrolled("ada")
    data = {"segments": [[0, 90]], "duration": 100}
    did("ada", "video.watched", "2026-01-06", object="film", module="m1", data=data)
    did("ada", "quiz.attempted", "2026-01-13", object="quiz", module="m1")
    recompute_stale.recompute_stale(now=NOW)
    return made


def depth(scope: Scope | None = None, *, reader: Reader = ALL) -> MetricValue:
    return KpiQueryService(reader, NOW).metric_values(DEPTH, scope or Scope(), [JANUARY])[JANUARY]


def changed_weight(key: str, to: str, at: datetime, *, course: Course | None = None) -> None:
    parameters.create_missing()
    parameter = (
        parameters.parameter_for(key, course=course) if course else Parameter.objects.get(key=key)
    )
    with patch("django.utils.timezone.now", return_value=at):
        parameters.set_value(parameter, Decimal(to), reason="A test.")


def test_depth_is_the_mean_of_its_components() -> None:
    # (0.9 + 0.5 + 1) ÷ 3
    assert depth().shown == 80
    assert depth().sums.n == 1 + 2 + 1


def test_the_value_includes_its_components() -> None:
    form = KpiQueryForm({"from": "2026-01-01", "to": "2026-01-31"}, reader=ALL, now=NOW)
    assert form.is_valid()
    reply = KpiQueryService(ALL, NOW).ask(DEPTH, form.to_query())

    assert [(one.indicator.slug, one.shown) for one in reply.components] == [
        ("video-watch", 90),
        ("interaction-rate", 50),
        ("quiz-participation", 100),
    ]


def test_components_cover_the_whole_window() -> None:
    form = KpiQueryForm({"from": "2026-01-01", "to": "2026-02-28"}, reader=ALL, now=NOW)
    assert form.is_valid()
    reply = KpiQueryService(ALL, NOW).ask(DEPTH, form.to_query())

    # nothing happened in February, the last month of the window
    assert reply.current.shown is None
    assert reply.window
    assert reply.window.shown == 80
    assert [one.shown for one in reply.components] == [90, 50, 100]


def test_a_component_without_data_is_left_out() -> None:
    enrolled("bo", at="2026-02-01T00:00:00Z")
    did("bo", "content.viewed", "2026-02-03", module="m1")
    did("bo", "note.written", "2026-02-10", module="m1")
    recompute_stale.recompute_stale(now=NOW)
    february = period("2026-02-28")
    answer = KpiQueryService(ALL, NOW).metric_values(DEPTH, Scope(), [february])[february]

    # no video was played; one of two weeks is productive; the quiz of m1 was not tried
    assert answer.shown == 25


def test_the_weights_are_parameters() -> None:
    changed_weight(VIDEO_WEIGHT, "2", datetime(2026, 1, 20, tzinfo=UTC))
    changed_weight(INTERACTION_WEIGHT, "0", datetime(2026, 1, 20, tzinfo=UTC))

    # (2 × 0.9 + 1) ÷ 3
    assert depth().shown == pytest.approx(93.3333)


def test_a_later_change_of_weights_leaves_earlier_periods_alone() -> None:
    changed_weight(VIDEO_WEIGHT, "2", datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC))

    assert depth().shown == 80


def test_a_course_uses_its_own_weights_alone_and_in_groups(python: Course) -> None:
    changed_weight(VIDEO_WEIGHT, "0", datetime(2026, 1, 20, tzinfo=UTC), course=python)
    form = KpiQueryForm({"by": "course", "to": "2026-01-31"}, reader=ALL, now=NOW)
    assert form.is_valid()
    (group,) = KpiQueryService(ALL, NOW).ask(DEPTH, form.to_query()).groups

    # (0.5 + 1) ÷ 2
    assert depth(Scope(frozenset({python.pk}))).shown == 75
    assert depth().shown == 80
    assert group.answer.shown == 75


def test_a_suppressed_component_suppresses_the_depth(settings: Settings, python: Course) -> None:
    settings.KPI_MIN_GROUP = 2
    bo = Reader(True, False, False, frozenset({python.pk}))
    answer = depth(Scope(bo.course_ids), reader=bo)

    assert (answer.status, answer.shown, answer.interval) == ("suppressed", None, None)
