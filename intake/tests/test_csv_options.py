"""Importing files of other systems with options; undoing an import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from curriculum.models import Enrollment
from intake.csv.invalid_rows import as_number
from intake.models import Event, ImportRun, RejectedEvent
from intake.tests.csv_files import HEADER, imported, view, written
from intake.tests.lms import event, school, send
from intake.tests.wizard import Wizard, messages_of, upload_events

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def moment_of(folder: Path, written_as: str, **options: Any) -> str:
    path = written(folder, HEADER, view("e1", at=written_as))
    imported(path, **options)
    return f"{Event.objects.get(key='e1').occurred_at:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("written_as", "utc"),
    [
        ("2026-08-01 09:00:00", "2026-08-01 07:00:00"),
        ("2026-08-01T9:00", "2026-08-01 07:00:00"),
        ("2026-08-01 09:00:00 UTC", "2026-08-01 09:00:00"),
        ("2026-08-01", "2026-07-31 22:00:00"),
        ("2026-01-31", "2026-01-30 23:00:00"),
        ("1785574800", "2026-08-01 09:00:00"),
        ("2026-08-01T09:00:00+01:00", "2026-08-01 08:00:00"),
    ],
)
def test_times_are_read_in_the_given_zone(tmp_path: Path, written_as: str, utc: str) -> None:
    assert moment_of(tmp_path, written_as, time_zone="Europe/Berlin") == utc


def test_a_time_without_an_offset_suggests_the_option(tmp_path: Path) -> None:
    output = imported(written(tmp_path, HEADER, view("e1", at="2026-08-01")), skip_bad=True)

    assert output.count("2026-03-31T09:30:00Z") == 1
    assert "Line 2, column occurred_at: got “2026-08-01”. Expected: a date and time" in output
    assert "use --time-zone, such as --time-zone Europe/Berlin." in output


def test_an_unknown_zone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Unknown time zone Mars\. Use a name such as Europe/"):
        imported(written(tmp_path, HEADER, view("e1")), time_zone="Mars")


def test_columns_are_renamed_ignored_and_shared(tmp_path: Path) -> None:
    path = written(tmp_path, "Order,Date,Customer Email,Fee", "e1,2026-01-06T09:00:00Z,ada,3")
    names = ["Order=id", "Date=occurred_at", "customer email=learner", "Fee="]
    imported(path, columns=names, set=["course=py", "object=a=b"])
    kept = Event.objects.get(key="e1")

    assert (kept.learner, kept.course_key, kept.object) == ("ada", "py", "a=b")


def test_all_unknown_columns_can_be_ignored(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER},Fee,Note", f"{view('e1')},3,hello")

    assert "1 new" in imported(path, columns=["*="])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"columns": ["Order id"]}, "“Order id” must be a name, “=” and a name"),
        ({"columns": ["Order=id"]}, "The file has no column “Order”. Its columns: id"),
        (
            {"columns": ["course=coarse"]},
            "Unknown column “coarse” for content.viewed. Did you mean",
        ),
        ({"set": ["coarse=py"]}, "Unknown column “coarse” for content.viewed"),
        ({"set": ["course="]}, "must be a column, “=” and a value: “course=py”"),
    ],
)
def test_an_invalid_option_is_an_error(tmp_path: Path, options: dict[str, Any], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        imported(written(tmp_path, HEADER, view("e1")), **options)


@pytest.mark.parametrize("sep", ["sep=;", "SEP=;"])
def test_a_line_that_declares_the_delimiter_is_skipped(tmp_path: Path, sep: str) -> None:
    path = written(tmp_path, sep, HEADER.replace(",", ";"), view("e1").replace(",", ";"))

    assert "1 new" in imported(path)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("course_rating", "csat"),
        ("student_id", "learner"),
        ("date_rated", "occurred_at"),
        ("Customer Email", "learner"),
        ("coarse", "course"),
    ],
)
def test_an_unknown_column_suggests_a_similar_one(tmp_path: Path, theirs: str, ours: str) -> None:
    path = written(tmp_path, theirs, "1")
    with pytest.raises(CommandError, match=f"Unknown column “{theirs}” .* Did you mean “{ours}”"):
        imported(path, "survey.answered")


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1,250.00", "1250.00"), ("1.250,00", "1250.00"), ("1 250", "1250"), ("12,5", "12.5"),
        ("$250.00", "250.00"), ("€1,250", "1250"), ("250.00", ""), ("abc", ""),
        ("1,250,000", "1250000"),
    ],
)  # fmt: skip
def test_a_number_with_separators_is_converted_for_the_suggestion(cell: str, number: str) -> None:
    assert as_number(cell) == number


def test_an_amount_with_separators_suggests_the_plain_number(tmp_path: Path) -> None:
    row = 'p1,2026-01-06T09:00:00Z,ada,"1,250.00",usd'
    path = written(tmp_path, "id,occurred_at,learner,amount,currency", row)
    output = imported(path, "payment.received", skip_bad=True)

    assert "amount: got “1,250.00”. Expected: 1250.00, a number with a decimal point" in output


def test_an_unknown_learner_names_the_option_to_create_it(
    tmp_path: Path, admin_client: Client
) -> None:
    row = view("e1", "cleo")
    assert "or --create-unknown to create the learner" in imported(
        written(tmp_path, HEADER, row), skip_bad=True
    )
    page = upload_events(admin_client, HEADER, row).text

    assert "the option “Create unknown items” to create the learner" in page


# The same id with different content


def test_a_corrected_row_is_a_conflict_with_line_and_column(tmp_path: Path) -> None:
    imported(written(tmp_path, f"{HEADER},value", f"{view('g1')},80"))
    path = written(tmp_path, f"{HEADER},value", f"{view('g1')},95", name="again.csv")
    with pytest.raises(CommandError, match="0 already stored, 1 rejected"):
        imported(path)
    output = imported(path, skip_bad=True)

    assert "Line 2, column value: the stored event has 80.0, this one has 95.0." in output
    assert "or --replace to replace the stored event" in output
    assert Event.objects.get(key="g1").value == 80


def test_two_rows_of_one_id_in_a_file_are_a_conflict(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER},value", f"{view('g1')},80", f"{view('g1')},95")

    with pytest.raises(CommandError, match="1 new, 0 already stored, 1 rejected"):
        imported(path)


def test_a_corrected_row_replaces_the_stored_event_with_the_option(tmp_path: Path) -> None:
    imported(written(tmp_path, f"{HEADER},value", f"{view('g1')},80"))
    path = written(tmp_path, f"{HEADER},value", f"{view('g1')},95", name="again.csv")

    assert "0 new, 1 replaced, 0 already stored" in imported(path, replace=True)
    assert Event.objects.get(key="g1").value == 95


def test_two_kinds_may_use_the_same_ids(tmp_path: Path) -> None:
    views = written(tmp_path, HEADER, view("1"), view("2"))
    notes = written(tmp_path, HEADER, view("1"), view("2"), name="notes.csv")
    imported(views)

    assert "2 new" in imported(notes, "note.written")


# Undoing an import


def test_undoing_sign_ups_rejects_the_events_that_depend_on_them(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, view("s1", "cleo", at="2026-01-01T00:00:00Z"))
    imported(path, "enrollment.started", create_unknown=True)
    send(event("e1", learner="cleo"))
    call_command("undo_import", str(ImportRun.objects.get().pk), verbosity=0)

    assert not Enrollment.objects.filter(learner__key="cleo").exists()
    assert RejectedEvent.objects.open().get().code == "not_enrolled"


@pytest.mark.parametrize("again", [False, True])
def test_an_import_that_cannot_be_undone_is_an_error(tmp_path: Path, again: bool) -> None:
    imported(written(tmp_path, HEADER, view("e1")))
    pk = ImportRun.objects.get().pk
    if again:
        call_command("undo_import", str(pk), verbosity=0)
    with pytest.raises(
        CommandError, match="Its status is “Undone”" if again else "There is no import"
    ):
        call_command("undo_import", str(pk if again else pk + 1), verbosity=0)


def test_staff_undo_an_import_after_confirming(admin_client: Client) -> None:
    upload_events(admin_client, HEADER, view("e1"), view("e2")).confirm()
    wish = {"action": "undo_selected", "_selected_action": ImportRun.objects.get().pk}
    asked = admin_client.post("/admin/intake/importrun/", wish)

    assert "2 events" in asked.content.decode()
    assert Event.objects.filter(sender="lms").count() == 2
    answer = admin_client.post("/admin/intake/importrun/", wish | {"confirmed": "yes"})
    assert "2 events were deleted" in messages_of(answer)
    assert not Event.objects.filter(sender="lms").exists()


def test_the_form_has_the_same_options(admin_client: Client) -> None:
    lines = "id,occurred_at,Wer,Fee\ne1,2026-08-01 09:00:00,ada,3"
    page = Wizard(admin_client, lines, kind="content.viewed")
    page.preview("zone=Europe/Berlin", "column:Wer=learner", "value:course=py").confirm()

    assert f"{Event.objects.get(key='e1').occurred_at:%H:%M}" == "07:00"


def test_the_form_replaces_stored_events_with_the_option(admin_client: Client) -> None:
    header = f"{HEADER},value"
    upload_events(admin_client, header, f"{view('g1')},80").confirm()
    page = upload_events(admin_client, header, f"{view('g1')},95", replaces="on")

    assert "0 new, 1 replaced" in page.text
    assert "0 new, 1 replaced" in page.confirm().messages
