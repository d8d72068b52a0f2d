"""Importing a CSV: all rows or none."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import OperationalError

from curriculum.models import Enrollment, Learner
from intake.csv import importing
from intake.events.senders import Sender
from intake.models import Event, ImportRun, RejectedEvent
from intake.tests.csv_files import HEADER, imported, view, written
from intake.tests.lms import event, school, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()
    Event.objects.all().delete()


def keys() -> list[str]:
    return sorted(Event.objects.values_list("key", flat=True))


def test_every_row_becomes_an_event_of_the_sender(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, view("e1"), view("e2", "bo"))

    assert imported(path, sender="lms").strip() == (
        "events.csv: 2 rows read: 2 new, 0 already stored, 0 rejected."
    )
    assert list(Event.objects.order_by("key").values_list("sender", "key", "kind", "learner")) == [
        ("lms", "e1", "content.viewed", "ada"),
        ("lms", "e2", "content.viewed", "bo"),
    ]


def test_one_invalid_row_stops_the_whole_import(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, view("e1"), view("e2", "cleo"))

    with pytest.raises(CommandError, match="1 new, 0 already stored, 1 rejected"):
        imported(path)
    assert keys() == []
    assert not RejectedEvent.objects.exists()
    run = ImportRun.objects.get()
    assert (run.status, run.report["csv content.viewed"]["rejected"]) == (
        "failed",
        {"unknown_learner learner": 1},
    )


def test_invalid_rows_can_be_skipped_and_are_stored_with_the_reason(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, view("e1"), view("e2", "cleo"), "e3,x")
    output = imported(path, skip_bad=True)

    assert keys() == ["e1"]
    assert "3 rows read: 1 new, 0 already stored, 2 rejected" in output
    assert sorted(RejectedEvent.objects.values_list("code", flat=True)) == [
        "not_json",
        "unknown_learner",
    ]


def test_a_dry_run_reports_and_changes_nothing(tmp_path: Path) -> None:
    send(event("e2"), sender=Sender("csv"))
    path = written(tmp_path, HEADER, view("e1"), view("e2"))

    assert "1 new, 1 already stored, 0 rejected. This was a dry run" in imported(path, dry_run=True)
    assert keys() == ["e2"]
    assert not ImportRun.objects.exists()


def test_a_dry_run_of_an_invalid_file_fails_like_the_import(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, view("e1", "cleo"))

    with pytest.raises(CommandError, match="1 rejected"):
        imported(path, dry_run=True)
    assert not ImportRun.objects.exists()


def test_importing_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, view("e1"))
    imported(path)

    assert "nothing was changed" in imported(path)
    assert ImportRun.objects.get().report["csv content.viewed"]["imported"] == 1


def test_a_file_that_failed_can_be_imported_again(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, view("e1", "cleo"))
    with pytest.raises(CommandError):
        imported(path)
    Enrollment.objects.filter(learner__key="bo").update(
        learner=Learner.objects.create(key="cleo", name="Cleo")
    )
    imported(path)
    run = ImportRun.objects.get()

    assert keys() == ["e1"]
    assert (run.status, run.error) == ("done", "")


def test_an_interrupted_import_leaves_nothing_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, HEADER, view("e1"), view("e2"), view("e3"))
    monkeypatch.setattr(importing, "CHUNK_SIZE", 1)

    def cut_off(bar: Any, done: int) -> None:
        if Event.objects.filter(key="e2").exists():
            raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr("tqdm.tqdm.update", cut_off)
        with pytest.raises(KeyboardInterrupt):
            imported(path)
    assert (keys(), ImportRun.objects.count()) == ([], 0)
    imported(path)
    assert keys() == ["e1", "e2", "e3"]


def test_a_database_failure_is_an_error_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*args: Any, **rest: Any) -> None:
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(importing, "receive", busy)

    with pytest.raises(CommandError, match="Nothing was imported; run the command again"):
        imported(written(tmp_path, HEADER, view("e1")))


def test_rows_without_an_id_are_identified_by_their_content(tmp_path: Path) -> None:
    row = "2026-01-06T09:00:00Z,ada,py"
    first = written(tmp_path, "occurred_at,learner,course", row, row)
    assert "2 new, 0 already stored" in imported(first)

    # another order and delimiter; the same two rows and one more
    other = "py;2026-01-06T09:00:00Z;ada"
    second = written(tmp_path, "course;occurred_at;learner", *[other] * 3, name="second.csv")
    assert "1 new, 2 already stored" in imported(second)


def test_each_rejected_row_is_reported_with_line_column_and_expected_value(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"{HEADER},object,value,attempt",
        '"e1","2026-01-06T09:00:00Z",ada,py,"quiz\none",0.5,1',
        "e2,2026-01-06T09:00:00Z,ada,py,q1,0.5,first",
        "e3,2026-01-06,ada,py,q1,0.5,",
    )
    errors = tmp_path / "errors.csv"
    with pytest.raises(CommandError):
        imported(path, "assessment.graded", errors=errors)
    rows = list(csv.reader(errors.read_text().splitlines()))

    assert [row[:2] for row in rows] == [["line", "column"], ["4", "attempt"], ["5", "occurred_at"]]
    assert "first" in rows[1][2]
    assert rows[1][3] == "a whole number of at least 1"
    assert "2026-03-31T09:30:00Z" in rows[2][3]


def test_the_first_twenty_rejected_rows_are_shown_and_the_rest_is_counted(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, *(view(f"e{at}", "cleo") for at in range(23)))
    output = imported(path, skip_bad=True)

    assert output.count("Line ") == 20
    assert "Line 21, column learner: unknown learner" in output
    assert "… and 3 more." in output


def test_an_unknown_kind_suggests_a_similar_one(tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"Unknown event kind content.view. Did you mean: content.viewed"
    ):
        imported(written(tmp_path, HEADER), "content.view")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv cannot be read: No such file"):
        imported(tmp_path / "none.csv")


def test_unknown_learners_and_courses_are_created_with_the_option(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, view("e1", "cleo", course="go"))
    imported(path, "enrollment.started", create_unknown=True)

    assert Enrollment.objects.filter(learner__key="cleo", run__course__key="go").exists()
