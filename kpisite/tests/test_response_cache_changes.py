"""No cached response outlives what it was made from, nor the minute."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection, transaction

from alerts.tests.alerted import create_alert
from curriculum.models import Course, CourseRun, Module
from kpis.models import DataFreshness, Measurement
from kpis.query.targets import set_target
from kpis.tests.measured import COMPLETION, NOW, staff
from kpisite.tests.cached_visitors import (
    API,
    BY_COURSE,
    PAGE,
    Clock,
    Visitor,
    assert_right,
    program,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


def measure(py: Course) -> None:
    Measurement.objects.filter(kpi=COMPLETION).update(total=70)


def rename_course(py: Course) -> None:
    Course.objects.filter(pk=py.pk).update(title="Python")


def set_a_target(py: Course) -> None:
    set_target(COMPLETION, Decimal(55), valid_from=NOW.date() - timedelta(days=90))


def stop_the_feed(py: Course) -> None:
    DataFreshness.objects.update(data_through=NOW - timedelta(days=60))


def write_by_hand(py: Course) -> None:
    """Write as another program does, past Django and its signals."""
    sql = "UPDATE kpis_measurement SET total = 80"
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        with sqlite3.connect(name) as other:
            other.execute(sql)
        other.close()
        return
    options = connection.get_connection_params()
    with psycopg.connect(**options) as server:
        server.execute(sql)


@pytest.mark.parametrize("path", [BY_COURSE, PAGE])
@pytest.mark.parametrize(
    "change", [measure, rename_course, set_a_target, stop_the_feed, write_by_hand]
)
def test_a_change_is_seen_at_once(
    py: Course, change: Callable[[Course], object], path: str
) -> None:
    ada = Visitor(staff())
    before = ada.warms_up(path)
    change(py)

    assert_right(ada, path, changed_from=before)


def test_an_alert_is_counted_in_the_menu_at_once(py: Course) -> None:
    ada = Visitor(staff())
    before = ada.warms_up(PAGE)
    create_alert(py)

    assert_right(ada, PAGE, changed_from=before)


def test_a_run_a_module_and_a_course_appear_in_the_filters_at_once(py: Course) -> None:
    ada, path = Visitor(staff()), f"{PAGE}?course=py"
    for model, fields in (
        (CourseRun, {"course": py, "key": "autumn"}),
        (Module, {"course": py, "key": "loops", "title": "Loops", "position": 2}),
        (Course, {"key": "db", "title": "Databases"}),
    ):
        before = ada.warms_up(path)
        model.objects.create(**fields)
        assert_right(ada, path, changed_from=before)


def test_an_uncommitted_change_is_nobody_elses(py: Course) -> None:
    ada = Visitor(staff())
    before = ada.warms_up()
    with transaction.atomic():
        measure(py)
        inside = ada.gets()
        transaction.set_rollback(True)

    assert inside.content != before.content
    assert ada.gets().content == before.content


@pytest.mark.once
def test_a_response_is_not_served_in_the_next_minute(py: Course, clock: Clock) -> None:
    _, bi = program()
    bi.warms_up()
    clock.advance(seconds=59)
    assert bi.is_served_again()
    clock.advance(seconds=1)

    assert not bi.is_served_again()


@pytest.mark.parametrize(
    "moment",
    # July begins to be over, and is final three days later
    ["2026-07-31T23:59:59.9+00:00", "2026-08-03T23:59:59.9+00:00"],
)
def test_a_period_ends_and_closes_without_any_commit(py: Course, clock: Clock, moment: str) -> None:
    Measurement.objects.update(period_start="2026-07-01")
    clock.now = clock.now.fromisoformat(moment)
    _, bi = program()
    before = bi.warms_up()
    clock.advance(seconds=0.2)

    assert_right(bi, API, changed_from=before)
