"""Files of other systems, brought in by what is said of them beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from curriculum.models import Enrollment
from intake.csv.report import as_number
from intake.models import Event, ImportRun, RejectedEvent
from intake.tests.csv_files import HEADER, imported, view, written
from intake.tests.lms import event, school, send
from intake.tests.test_csv_pages import confirm, told, upload

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
def test_times_are_read_in_the_zone_that_is_said(tmp_path: Path, written_as: str, utc: str) -> None:
    assert moment_of(tmp_path, written_as, time_zone="Europe/Berlin") == utc


def test_without_a_zone_the_option_is_named(tmp_path: Path) -> None:
    said = imported(written(tmp_path, HEADER, view("e1", at="2026-08-01")), skip_bad=True)

    assert said.count("2026-03-31T09:30:00Z") == 1
    assert "Line 2, column occurred_at: it is “2026-08-01”. Right would be: a moment" in said
    assert "takes --time-zone, such as --time-zone Europe/Berlin." in said


def test_a_zone_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no time zone Mars; a zone is named such as Europe/"):
        imported(written(tmp_path, HEADER, view("e1")), time_zone="Mars")


def test_columns_are_renamed_left_out_and_shared(tmp_path: Path) -> None:
    path = written(tmp_path, "Order,Date,Customer Email,Fee", "e1,2026-01-06T09:00:00Z,ada,3")
    names = ["Order=id", "Date=occurred_at", "customer email=learner", "Fee="]
    imported(path, columns=names, set=["course=py", "object=a=b"])
    kept = Event.objects.get(key="e1")

    assert (kept.learner, kept.course_key, kept.object) == ("ada", "py", "a=b")


def test_all_columns_that_are_none_of_ours_may_be_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER},Fee,Note", f"{view('e1')},3,hello")

    assert "1 new" in imported(path, columns=["*="])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"columns": ["Order id"]}, "“Order id” has no “=” with a name before it"),
        ({"columns": ["Order=id"]}, "There is no column “Order” in the file; it has: id"),
        ({"columns": ["course=coarse"]}, "“coarse” is no column of content.viewed; did you mean"),
        ({"set": ["coarse=py"]}, "“coarse” is no column of content.viewed"),
        ({"set": ["course="]}, "is not a column and its value, such as “course=py”"),
    ],
)
def test_a_choice_that_cannot_be_is_told(tmp_path: Path, options: dict[str, Any], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        imported(written(tmp_path, HEADER, view("e1")), **options)


@pytest.mark.parametrize("sep", ["sep=;", "SEP=;"])
def test_a_line_that_names_the_delimiter_is_passed_over(tmp_path: Path, sep: str) -> None:
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
def test_a_stranger_s_name_is_told_with_what_it_may_mean(
    tmp_path: Path, theirs: str, ours: str
) -> None:
    path = written(tmp_path, theirs, "1")
    with pytest.raises(CommandError, match=f"“{theirs}” is no column .* did you mean “{ours}”"):
        imported(path, "survey.answered")


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1,250.00", "1250.00"), ("1.250,00", "1250.00"), ("1 250", "1250"), ("12,5", "12.5"),
        ("$250.00", "250.00"), ("€1,250", "1250"), ("250.00", ""), ("abc", ""),
        ("1,250,000", "1250000"),
    ],
)  # fmt: skip
def test_a_number_written_otherwise_is_told_as_we_read_it(cell: str, number: str) -> None:
    assert as_number(cell) == number


def test_an_amount_with_separators_says_how_it_is_written(tmp_path: Path) -> None:
    row = 'p1,2026-01-06T09:00:00Z,ada,"1,250.00",usd'
    path = written(tmp_path, "id,occurred_at,learner,amount,currency", row)
    said = imported(path, "payment.received", skip_bad=True)

    assert "amount: it is “1,250.00”. Right would be: 1250.00, a number with a point" in said


def test_what_is_unknown_names_the_option_and_in_the_admin_the_tick(
    tmp_path: Path, admin_client: Client
) -> None:
    row = view("e1", "cleo")
    assert "or --create-unknown to make them" in imported(
        written(tmp_path, HEADER, row), skip_bad=True
    )
    page = upload(admin_client, HEADER, row).content.decode()

    assert "the tick “Make what is unknown” to make them" in page


# The same id with other content


def test_a_corrected_row_is_a_conflict_with_line_and_column(tmp_path: Path) -> None:
    imported(written(tmp_path, f"{HEADER},value", f"{view('g1')},80"))
    path = written(tmp_path, f"{HEADER},value", f"{view('g1')},95", name="again.csv")
    with pytest.raises(CommandError, match="0 in already, 1 refused"):
        imported(path)
    said = imported(path, skip_bad=True)

    assert (
        "Line 2, column value: the event of this kind and id said 80.0 and now says 95.0." in said
    )
    assert "or --replace to replace what is in" in said
    assert Event.objects.get(key="g1").value == 80


def test_two_rows_of_one_id_in_a_file_are_a_conflict(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER},value", f"{view('g1')},80", f"{view('g1')},95")

    with pytest.raises(CommandError, match="1 new, 0 in already, 1 refused"):
        imported(path)


def test_a_corrected_row_takes_the_place_of_the_other_if_asked(tmp_path: Path) -> None:
    imported(written(tmp_path, f"{HEADER},value", f"{view('g1')},80"))
    path = written(tmp_path, f"{HEADER},value", f"{view('g1')},95", name="again.csv")

    assert "0 new, 1 replaced, 0 in already" in imported(path, replace=True)
    assert Event.objects.get(key="g1").value == 95


def test_files_of_two_kinds_may_both_count_from_one(tmp_path: Path) -> None:
    views = written(tmp_path, HEADER, view("1"), view("2"))
    notes = written(tmp_path, HEADER, view("1"), view("2"), name="notes.csv")
    imported(views)

    assert "2 new" in imported(notes, "note.written")


# Undone


def test_undoing_sign_ups_lets_what_builds_on_them_wait(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, view("s1", "cleo", at="2026-01-01T00:00:00Z"))
    imported(path, "enrollment.started", create_unknown=True)
    send(event("e1", learner="cleo"))
    call_command("undo_import", str(ImportRun.objects.get().pk), verbosity=0)

    assert not Enrollment.objects.filter(learner__key="cleo").exists()
    assert RejectedEvent.objects.open().get().code == "not_enrolled"


@pytest.mark.parametrize("again", [False, True])
def test_what_cannot_be_undone_is_told(tmp_path: Path, again: bool) -> None:
    imported(written(tmp_path, HEADER, view("e1")))
    pk = ImportRun.objects.get().pk
    if again:
        call_command("undo_import", str(pk), verbosity=0)
    with pytest.raises(CommandError, match="undone: nothing" if again else "There is no import"):
        call_command("undo_import", str(pk if again else pk + 1), verbosity=0)


def test_staff_undo_an_import_once_they_confirm(admin_client: Client) -> None:
    confirm(admin_client, upload(admin_client, HEADER, view("e1"), view("e2")))
    wish = {"action": "undo_selected", "_selected_action": ImportRun.objects.get().pk}
    asked = admin_client.post("/admin/intake/importrun/", wish)

    assert "2 events" in asked.content.decode()
    assert Event.objects.filter(sender="lms").count() == 2
    answer = admin_client.post("/admin/intake/importrun/", wish | {"confirmed": "yes"})
    assert "2 events are taken back" in told(answer)
    assert not Event.objects.filter(sender="lms").exists()


def test_the_form_takes_the_same_choices(admin_client: Client) -> None:
    chosen = {"zone": "Europe/Berlin", "columns": "Wer=learner\nFee=", "shared": "course=py"}
    lines = ("id,occurred_at,Wer,Fee", "e1,2026-08-01 09:00:00,ada,3")
    confirm(admin_client, upload(admin_client, *lines, **chosen))

    assert f"{Event.objects.get(key='e1').occurred_at:%H:%M}" == "07:00"


def test_the_form_replaces_where_staff_say_so(admin_client: Client) -> None:
    header = f"{HEADER},value"
    confirm(admin_client, upload(admin_client, header, f"{view('g1')},80"))
    page = upload(admin_client, header, f"{view('g1')},95", replaces="on")
    answer = confirm(admin_client, page)

    assert "In place of another" in page.content.decode()
    assert "0 new, 1 replaced" in told(answer)
