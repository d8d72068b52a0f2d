"""What the admin shows of an experiment's history, and what it asks for to write it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.admin.models import LogEntry

from curriculum.models import CourseRun, Learner
from experiments import forcing, lifecycle
from experiments.deviations import edit_running
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many, start
from kpis.tests.kernel import run_of
from kpis.tests.measured import staff
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db

HOME = "/admin/experiments/"


@pytest.fixture(autouse=True)
def _one_day_after_the_start(few_kpis: None) -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=STARTED_AT + DAY):
        yield


@pytest.fixture
def ada() -> Visitor:
    return Visitor(staff())


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    return made


def test_the_history_is_written_as_on_the_page(
    ada: Visitor, run: CourseRun, django_assert_max_num_queries: Any
) -> None:
    made = start(draft(courses=[run.course]))
    for month in (10, 11, 12):
        changes = {"planned_end": date(2026, month, 1)}
        edit_running(made, None, changes, reason="More time.", now=STARTED_AT + DAY)
    with django_assert_max_num_queries(40):
        page = ada.reads(f"{HOME}experiment/{made.pk}/change/")
    event, deviation = made.events.last(), made.deviations.last()
    assert event
    assert deviation
    details = [
        ada.reads(f"{HOME}experimentevent/{event.pk}/change/"),
        ada.reads(f"{HOME}deviation/{deviation.pk}/change/"),
    ]

    assert all("Planned end: 1 Nov 2026 → 1 Dec 2026" in one for one in (page, *details))
    assert "{" not in details[1]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Enter a reason for removing a forced variant."),
        ("  ", "Enter a reason for removing a forced variant."),
        ("x" * 801, "at most 800 characters"),
    ],
)
def test_a_forced_variant_stays_without_a_reason(
    ada: Visitor, run: CourseRun, reason: str, sentence: str
) -> None:
    made = draft(courses=[run.course])
    strict = made.variants.get(key="strict")
    forced = forcing.force(made, Learner.objects.all()[0], strict, None, reason="To try it.")
    page = f"{HOME}forcedvariant/{forced.pk}/delete/"
    assert '<textarea name="reason"' in ada.client.get(page).content.decode()
    answer = ada.client.post(page, {"post": "yes", "reason": reason}, follow=True)

    assert sentence in answer.content.decode()
    assert made.forced_variants.get() == forced
    assert not LogEntry.objects.exists()


def test_a_forced_variant_of_what_is_over_stays(ada: Visitor, run: CourseRun) -> None:
    made = start(draft(courses=[run.course]))
    strict = made.variants.get(key="strict")
    forced = forcing.force(made, Learner.objects.all()[0], strict, None, reason="To try it.")
    lifecycle.stop(made, None, reason="Enough.")
    page = f"{HOME}forcedvariant/{forced.pk}/delete/"

    assert ada.client.post(page, {"post": "yes", "reason": "Tried."}).status_code == 403
    assert made.forced_variants.get() == forced
