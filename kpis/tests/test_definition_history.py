"""A KPI that is new, or defined anew, gets its past by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import Count

from kpis import tasks
from kpis.definitions.facts import Ratio
from kpis.definitions.registry import REGISTRY
from kpis.models import ComputedDefinition, Measurement, Restatement, StaleDay
from kpis.recompute.definition_history import queue_new_definitions
from kpis.recompute.recompute_stale import recompute_stale
from kpis.tests import kernel
from kpis.tests.kernel import COUNT, PLANNED, STARTED, moment, run_of, starts, table

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)
    ComputedDefinition.objects.all().delete()
    queue_new_definitions(NOW)
    starts("ada", run_of("r1"), "2026-01-10", done=True)
    starts("bo", run_of("s1", course="sql"), "2026-03-10")
    recompute_stale(now=NOW)


def test_a_new_kpi_gets_its_past(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare_also(monkeypatch, COUNT)

    assert queue_new_definitions(NOW) == [COUNT]
    recompute_stale(now=NOW)
    assert {("site", "", "2026-01-01", 1, 1), ("site", "", "2026-03-01", 1, 1)} <= table(kpi=COUNT)


def test_a_definition_is_queued_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare_also(monkeypatch, COUNT)
    queue_new_definitions(NOW)

    assert queue_new_definitions(NOW + timedelta(days=1)) == []


def test_a_raised_version_recomputes_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    def everybody(rows: kernel.Rows) -> Ratio:
        return Ratio(total=Count("pk"), weight=Count("pk"))

    second = replace(REGISTRY[STARTED], version=2, facts=kernel.starts_read_by(everybody))
    monkeypatch.setitem(REGISTRY, STARTED, second)

    assert queue_new_definitions(NOW) == [STARTED]
    recompute_stale(now=NOW)
    assert ("site", "", "2026-03-01", 1, 1) in table()
    assert set(Measurement.objects.values_list("definition_version", flat=True)) == {2}
    # a closed value that became another one is kept
    assert Restatement.objects.filter(measurement__period_start="2026-03-01", total=0).exists()


def test_a_version_that_changes_no_value_restates_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(REGISTRY, STARTED, replace(REGISTRY[STARTED], version=2))
    queue_new_definitions(NOW)
    recompute_stale(now=NOW)

    assert set(Measurement.objects.values_list("definition_version", flat=True)) == {2}
    assert not Restatement.objects.exists()


def test_figures_without_facts_are_part_of_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = replace(REGISTRY[STARTED], version=2, facts=kernel.PLANS)
    monkeypatch.setitem(REGISTRY, STARTED, planned)
    queue_new_definitions(NOW)
    recompute_stale(now=NOW)

    assert not Measurement.objects.filter(kpi=STARTED, n__gt=0).exists()


def test_the_task_looks_for_new_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare_also(monkeypatch, COUNT)
    tasks.recompute()

    assert ("site", "", "2026-01-01", 1, 1) in table(kpi=COUNT)


def test_a_kpi_that_reads_nothing_queues_nothing() -> None:
    StaleDay.objects.all().delete()
    ComputedDefinition.objects.filter(kpi=PLANNED).delete()

    assert queue_new_definitions(NOW) == [PLANNED]
    assert not StaleDay.objects.exists()
