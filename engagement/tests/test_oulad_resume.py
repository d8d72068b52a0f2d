"""An interrupted import resumes where it stopped; a finished one is not repeated."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import CommandError
from django.db import OperationalError, connection

from curriculum.models import Enrollment
from engagement.models import DailyActivity, WeekPresence
from engagement.oulad import clicks, importing, submissions
from engagement.tests.oulad_sample import ADA, BO, Sample, run_import, small
from intake.models import ImportRun
from kpis.models import Measurement, StaleDay

pytestmark = pytest.mark.django_db
BBB = ("BBB", "2014B")


class InterruptionError(Exception):
    pass


def two_presentations() -> Sample:
    sample = small()
    sample.course(BBB, days=234)
    sample.student(BO, codes=BBB)
    sample.submitted(1, ADA, 18)
    sample.clicked(ADA, 102, 3, 4)
    sample.clicked(BO, 102, 3, 5, codes=BBB)
    return sample


def interrupt(monkeypatch: pytest.MonkeyPatch, module: Any, verb: str, path: Path) -> None:
    """Import, and fail after `verb` has written its rows."""
    whole = getattr(module, verb)

    def fails(*args: Any) -> None:
        whole(*args)
        raise InterruptionError

    with monkeypatch.context() as during:
        during.setattr(module, verb, fails)
        with pytest.raises(InterruptionError):
            run_import(path)


def stored_clicks() -> dict[str, int]:
    rows = DailyActivity.objects.values_list("enrollment__run__course__key", "interactions")
    return dict(rows)


def test_an_interrupted_step_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    interrupt(monkeypatch, clicks, "_write_days", two_presentations().in_folder(tmp_path))

    assert not DailyActivity.objects.exists()
    assert Enrollment.objects.count() == 3
    assert "studentVle.csv AAA 2013J" not in ImportRun.objects.get().report


@pytest.mark.parametrize(
    ("module", "verb"), [(submissions, "_write"), (clicks, "_write_days"), (clicks, "_write_weeks")]
)
def test_the_same_command_resumes_the_import(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: Any, verb: str
) -> None:
    folder = two_presentations().in_folder(tmp_path)
    interrupt(monkeypatch, module, verb, folder)
    run_import(folder)

    assert stored_clicks() == {"AAA": 4, "BBB": 5}
    assert WeekPresence.objects.count() == 2
    assert ImportRun.objects.get().status == ImportRun.Status.DONE


def test_finished_steps_are_not_repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = two_presentations().in_folder(tmp_path)
    interrupt(monkeypatch, clicks, "_write_days", folder)
    done = ImportRun.objects.get().report
    run_import(folder)

    assert {step: ImportRun.objects.get().report[step] for step in done} == done


def test_importing_the_same_files_again_changes_nothing(tmp_path: Path) -> None:
    folder = two_presentations().in_folder(tmp_path)
    run_import(folder)
    (done,) = ImportRun.objects.values()

    assert "Nothing was changed" in run_import(folder)
    assert ImportRun.objects.values().get() == done
    assert stored_clicks() == {"AAA": 4, "BBB": 5}


def test_an_import_killed_while_computing_kpis_computes_the_rest_on_resume(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = two_presentations().in_folder(tmp_path)
    with monkeypatch.context() as during:
        during.setattr("kpis.recompute.recompute_stale._step", Mock(side_effect=InterruptionError))
        with pytest.raises(InterruptionError):
            run_import(folder)
    assert not Measurement.objects.exists()

    output = run_import(folder)
    assert "Nothing was changed" in output
    assert "KPI values computed" in output
    assert Measurement.objects.exists()
    assert not StaleDay.objects.exists()
    assert "computed" not in run_import(folder)


def test_a_lost_database_is_reported_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = OperationalError("server closed the connection unexpectedly")
    monkeypatch.setattr(clicks, "_write_days", Mock(side_effect=gone))

    with pytest.raises(CommandError, match=r"cannot be reached.*Run the command again"):
        run_import(two_presentations().in_folder(tmp_path))


def test_another_import_of_the_same_presentation_adds_no_clicks(tmp_path: Path) -> None:
    run_import(two_presentations().in_folder(tmp_path / "first"))
    more = two_presentations()
    more.clicked(ADA, 102, 4)
    run_import(more.in_folder(tmp_path / "second"))

    assert stored_clicks() == {"AAA": 4, "BBB": 5}
    assert ImportRun.objects.latest("pk").report["studentVle.csv AAA 2013J"]["rejected"] == {
        "another import already has this presentation's clicks": 2
    }


@pytest.mark.django_db(transaction=True)
def test_an_import_while_another_is_running_is_rejected(tmp_path: Path) -> None:
    held, done = threading.Event(), threading.Event()

    def run() -> None:
        with importing.only_import():
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


def test_the_report_contains_files_and_totals(tmp_path: Path) -> None:
    output = run_import(two_presentations().in_folder(tmp_path)).splitlines()

    assert output[:7] == [
        "courses.csv: 2 rows read; 2 imported",
        "assessments.csv: 4 rows read; 4 imported",
        "studentRegistration.csv: 3 rows read; 3 imported",
        "studentInfo.csv: 3 rows read; 3 imported",
        "studentAssessment.csv: 1 rows read; 1 imported",
        "vle.csv: 4 rows read; 4 imported",
        "studentVle.csv: 2 rows read; 2 imported",
    ]
    assert output[7:11] == ["enrollments: 3", "completions: 0", "scored results: 1", "clicks: 9"]
