"""After erasing, no value of any table and no file names the person, and every figure is the same.

The tables are read without the models, so that nothing depends on what the apps declare.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from curriculum.erasing import erase
from curriculum.models import Learner
from intake.files.wizard.uploads import Upload, find, keep
from intake.models import Event
from intake.replay import replay_events
from intake.tests.test_tables import workbook
from kpis.recompute import from_scratch, recompute_stale
from kpisite.tasks import delete_old
from kpisite.tests.erased_people import (
    ADA,
    JSON,
    ada_and_what_others_write,
    cells,
    columns_that_name_her,
    content_tool,
    declared_texts,
    files_that_name_her,
    send_caliper,
    statements_about_ada,
)
from outcomes.models import Response, Testimonial

AGGREGATES = (
    "kpis_measurement.", "kpis_compositemeasurement.", "kpis_restatement.", "alerts_alert.",
    "alerts_alertevent.kind", "engagement_dailyactivity.", "outcomes_skillassessment.",
    "experiments_assignment.", "business_payment.amount",
)  # fmt: skip


@pytest.fixture
def ada(db: None) -> Learner:
    ada = ada_and_what_others_write()
    recompute_stale.recompute_stale(now=timezone.now())
    return ada


def aggregates() -> dict[str, list[str]]:
    found = cells().items()
    kept = {name: sorted(values) for name, values in found if name.startswith(AGGREGATES)}
    return kept | {"alerts_alert.note": []}


def test_no_column_of_any_table_names_an_erased_person(ada: Learner) -> None:
    before = columns_that_name_her()
    erase(ada)

    # the test would find her
    assert declared_texts() <= before
    assert {"intake_event.learner", "decoded sessions", "accounts_user.email"} <= before
    assert columns_that_name_her() == set()


def test_erasing_changes_no_figure_nor_does_computing_all_of_them_again(ada: Learner) -> None:
    before = aggregates()
    erase(ada)

    assert aggregates() == before
    replay_events()
    now = timezone.now()
    from_scratch.catch_up(now)
    jobs = from_scratch.jobs_for(
        from_scratch.aggregated_indicators(), date(2026, 1, 1), now.date(), now
    )
    assert from_scratch.recompute(jobs, now).written == 0
    assert aggregates() == before


def test_statements_that_are_sent_again_do_not_bring_the_person_back(ada: Learner) -> None:
    erase(ada)
    tool = content_tool("content again")
    again = [tool.post("/xapi/statements", one, JSON) for one in statements_about_ada()]

    assert {one.status_code for one in again} == {200}
    assert send_caliper() == "duplicate"
    assert columns_that_name_her() == set()


def test_comments_of_others_are_still_quoted_but_without_the_name(ada: Learner) -> None:
    answer = Response.objects.get(enrollment__learner__key="bo")
    Testimonial.objects.create(response=answer, text=answer.comment, approved_at=timezone.now())
    erase(ada)
    replay_events()
    quoted = Testimonial.objects.shown().get()

    assert quoted.text == "Ask […] <[…]>, or […]."
    assert Event.objects.get(key="b2").data["comment"] == quoted.text


def test_an_upload_that_names_the_person_is_deleted(
    ada: Learner, django_capture_on_commit_callbacks: Any
) -> None:
    contents = {
        "hers": f"learner\n{ADA}\n".encode(),
        "hers too": workbook([["learner"], [ADA]]),
        "other": b"learner\nbo\n",
    }
    tokens = {name: keep(Upload(name, content, 1)) for name, content in contents.items()}
    with django_capture_on_commit_callbacks(execute=True):
        erase(ada)

    assert [name for name, token in tokens.items() if find(token, 1)] == ["other"]
    assert cache.get("anything") is None


@pytest.mark.django_db(transaction=True)
def test_no_file_in_the_data_folder_names_an_erased_person() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's files are elsewhere")
    ada = ada_and_what_others_write()
    before = files_that_name_her()
    erase(ada)

    assert before
    assert files_that_name_her() == []


@pytest.mark.django_db(transaction=True)
def test_the_night_overwrites_what_a_killed_erasure_left_in_files() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's files are elsewhere")
    ada = ada_and_what_others_write()
    with patch("curriculum.erasing.AFTER_ERASING", []):
        erase(ada)
    left = files_that_name_her()
    delete_old()

    assert left
    assert files_that_name_her() == []
