"""An import that stops goes on where it stopped; one that is done is not done again."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import CommandError
from django.db import OperationalError, connection

from core.locks import try_lock
from curriculum.models import Enrollment
from engagement.models import DailyActivity, WeekPresence
from engagement.oulad import clicks, submissions
from engagement.tests.oulad_cut import ADA, BO, Cut, run_import, small
from intake.models import ImportRun
from kpis.models import Measurement, StaleDay

pytestmark = pytest.mark.django_db
BBB = ("BBB", "2014B")


class PowerCutError(Exception):
    pass


def two_presentations() -> Cut:
    cut = small()
    cut.course(BBB, days=234)
    cut.student(BO, place=BBB)
    cut.handed_in(1, ADA, 18)
    cut.clicked(ADA, 102, 3, 4)
    cut.clicked(BO, 102, 3, 5, place=BBB)
    return cut


def cut_off(monkeypatch: pytest.MonkeyPatch, module: Any, verb: str, path: Path) -> None:
    """Import, and let the power fail after `verb` has written its rows."""
    whole = getattr(module, verb)

    def fails(*args: Any) -> None:
        whole(*args)
        raise PowerCutError

    with monkeypatch.context() as during:
        during.setattr(module, verb, fails)
        with pytest.raises(PowerCutError):
            run_import(path)


def clicks_in() -> dict[str, int]:
    rows = DailyActivity.objects.values_list("enrollment__run__course__key", "interactions")
    return dict(rows)


def test_a_step_that_was_cut_off_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cut_off(monkeypatch, clicks, "_write_days", two_presentations().in_folder(tmp_path))

    assert not DailyActivity.objects.exists()
    assert Enrollment.objects.count() == 3
    assert "studentVle.csv AAA 2013J" not in ImportRun.objects.get().report


@pytest.mark.parametrize(
    ("module", "verb"), [(submissions, "_write"), (clicks, "_write_days"), (clicks, "_write_weeks")]
)
def test_the_same_command_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: Any, verb: str
) -> None:
    folder = two_presentations().in_folder(tmp_path)
    cut_off(monkeypatch, module, verb, folder)
    run_import(folder)

    assert clicks_in() == {"AAA": 4, "BBB": 5}
    assert WeekPresence.objects.count() == 2
    assert ImportRun.objects.get().status == ImportRun.Status.DONE


def test_what_is_in_is_not_read_in_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = two_presentations().in_folder(tmp_path)
    cut_off(monkeypatch, clicks, "_write_days", folder)
    done = ImportRun.objects.get().report
    run_import(folder)

    assert {step: ImportRun.objects.get().report[step] for step in done} == done


def test_a_second_import_is_politely_none(tmp_path: Path) -> None:
    folder = two_presentations().in_folder(tmp_path)
    run_import(folder)
    (done,) = ImportRun.objects.values()

    assert "nothing was changed" in run_import(folder)
    assert ImportRun.objects.values().get() == done
    assert clicks_in() == {"AAA": 4, "BBB": 5}


def test_an_import_killed_while_it_measures_measures_the_rest_the_second_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = two_presentations().in_folder(tmp_path)
    with monkeypatch.context() as during:
        during.setattr("kpis.recompute.recompute_stale.run_jobs", Mock(side_effect=PowerCutError))
        with pytest.raises(PowerCutError):
            run_import(folder)
    assert not Measurement.objects.exists()

    said = run_import(folder)
    assert "nothing was changed" in said
    assert "figures measured" in said
    assert Measurement.objects.exists()
    assert not StaleDay.objects.exists()
    assert "measured" not in run_import(folder)


def test_a_database_that_goes_away_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = OperationalError("server closed the connection unexpectedly")
    monkeypatch.setattr(clicks, "_write_days", Mock(side_effect=gone))

    with pytest.raises(CommandError, match=r"cannot be reached.*run the command again"):
        run_import(two_presentations().in_folder(tmp_path))


def test_another_file_of_the_same_presentation_adds_no_clicks(tmp_path: Path) -> None:
    run_import(two_presentations().in_folder(tmp_path / "first"))
    more = two_presentations()
    more.clicked(ADA, 102, 4)
    run_import(more.in_folder(tmp_path / "second"))

    assert clicks_in() == {"AAA": 4, "BBB": 5}
    assert ImportRun.objects.latest("pk").report["studentVle.csv AAA 2013J"]["refused"] == {
        "another import brought this presentation's clicks": 2
    }


@pytest.mark.django_db(transaction=True)
def test_an_import_while_another_runs_is_refused(tmp_path: Path) -> None:
    held, done = threading.Event(), threading.Event()

    def run() -> None:
        with try_lock("import"):
            held.set()
            done.wait(30)
        connection.close()

    other = threading.Thread(target=run)
    other.start()
    held.wait(30)
    with pytest.raises(CommandError, match="Another import is running"):
        run_import(small().in_folder(tmp_path))
    done.set()
    other.join()

    assert not ImportRun.objects.exists()


def test_the_report_tells_files_and_totals(tmp_path: Path) -> None:
    said = run_import(two_presentations().in_folder(tmp_path)).splitlines()

    assert said[:7] == [
        "courses.csv: 2 rows read; 2 taken",
        "assessments.csv: 4 rows read; 4 taken",
        "studentRegistration.csv: 3 rows read; 3 taken",
        "studentInfo.csv: 3 rows read; 3 taken",
        "studentAssessment.csv: 1 rows read; 1 taken",
        "vle.csv: 4 rows read; 4 taken",
        "studentVle.csv: 2 rows read; 2 taken",
    ]
    assert said[7:11] == ["enrolments: 3", "completions: 0", "scored results: 1", "clicks: 9"]
