"""The wizard with files of tools and with tables that nobody recognizes."""

from __future__ import annotations

from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.tests.people import account
from curriculum.models import Course
from intake.files.saved import mapping_named
from intake.models import Event, FileMapping, ImportRun
from intake.tests.lms import school
from intake.tests.test_tables import archive, workbook
from intake.tests.wizard import Wizard
from intake.undo_import import undo_import

pytestmark = pytest.mark.django_db
GRADES = "Student,ID,SIS Login ID,Section,Essay (101)\nPoints Possible,,,,40\nAda,42,ada,S1,34\nBo,43,bo,S1,38\n"  # noqa: E501
ANSWERS = ("course=py", "learner=SIS Login ID", "graded_on=2026-03-31")
SHEET = "Exported on 1 March\n\nWho;When;What;Points\nada;31.03.2026;Essay;8,5\nTotal;;;8,5\n"
LOG = (
    "Zeit,Vollständiger Name,Betroffene/r Nutzer/in,Ereigniskontext,Komponente,Ereignisname,"
    "Beschreibung,Herkunft,IP-Adresse\n"
    '"7. September 2026, 21:40:58",Ada,-,Kurs: Python,System,Kurs angezeigt,'
    "The user with id '1046' viewed the course with id '3'.,web,10.0.0.1\n"
)
MAPPED = (
    *("kind=assessment.graded", "column:Who=learner", "column:When=occurred_at"),
    *("column:What=object", "column:Points=value", "value:course=py", "value:max=10"),
)


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def graded() -> list[tuple[str, float | None]]:
    rows = Event.objects.filter(kind="assessment.graded").order_by("learner")
    return list(rows.values_list("learner", "value"))


def test_a_recognized_file_asks_what_it_cannot_say(admin_client: Client) -> None:
    page = Wizard(admin_client, GRADES, "grades.csv")
    text = unescape(page.text)

    assert "grades.csv: Canvas gradebook" in text
    assert "SIS Login ID – ada" in text
    assert "Enter a value." in page.preview("learner=ID").text
    assert graded() == []


def test_a_file_is_previewed_imported_reported_and_undone(admin_client: Client) -> None:
    page = Wizard(admin_client, GRADES, "grades.csv").preview(*ANSWERS)
    assert page.trial.report.kinds == {"assessment.graded": 2}
    assert graded() == []

    page.confirm()
    run = ImportRun.objects.get()
    assert page.page.headers["Location"] == f"/admin/intake/importrun/{run.pk}/change/"
    assert graded() == [("ada", 34), ("bo", 38)]

    report = admin_client.get(page.page.headers["Location"]).content.decode()
    assert 'value="Undo this import"' in report
    assert "assessment.graded: 2" in report

    assert undo_import(run.pk) == 2
    assert graded() == []
    again = admin_client.get(page.page.headers["Location"]).content.decode()
    assert 'value="Undo this import"' not in again


def test_the_preview_shows_figures_before_and_after(admin_client: Client) -> None:
    page = Wizard(admin_client, GRADES, "grades.csv").preview(*ANSWERS)
    figures = {one.name: (one.before, one.after) for one in page.trial.figures}

    # 34 and 38 of 40
    assert figures["Assessment performance"] == ("–", "90.0%")
    assert "KPIs stay the same" in page.text


def test_figures_are_for_readers_of_small_groups_only(client: Client) -> None:
    bo = account("Bo", is_staff=True)
    bo.user_permissions.set(Permission.objects.filter(codename__in=["view_event", "import_event"]))
    client.force_login(bo)

    assert Wizard(client, GRADES).preview(*ANSWERS).trial.figures is None


def test_columns_are_mapped_by_pointing_with_values_of_the_file(admin_client: Client) -> None:
    page = Wizard(admin_client, SHEET, "sheet.csv", kind="assessment.graded")
    assert "Values: “31.03.2026”." in unescape(page.text)

    page.preview(*MAPPED, "date_order=dmy", "decimal=comma", skips_bad="on")
    assert page.trial.report.new == 1
    page.confirm()
    assert graded() == [("ada", 8.5)]


def test_two_columns_cannot_be_one_field(admin_client: Client) -> None:
    page = Wizard(admin_client, SHEET, kind="assessment.graded")
    text = unescape(page.preview(*MAPPED, "column:What=learner").text)

    assert "“Who” is “learner” already; choose one of them." in text


def test_a_field_is_proposed_for_one_column_only(admin_client: Client) -> None:
    page = Wizard(admin_client, "Start date,End date\n1,2\n", kind="note.written")
    proposed = [one.proposed for one in page.page.context["form"].choices]

    assert proposed.count("occurred_at") == 1


def test_saved_answers_serve_the_next_file(admin_client: Client) -> None:
    page = Wizard(admin_client, GRADES, "march.csv").preview(*ANSWERS, save_as="Canvas py")
    page.confirm()
    later = GRADES.replace("34", "36")
    page = Wizard(admin_client, later, "april.csv", mapping="Canvas py").preview()

    assert page.trial.report.replaced == 1
    assert mapping_named("Canvas py").answers["learner"] == "SIS Login ID"


def test_a_mapping_of_another_tool_is_refused_with_what_is_missing(admin_client: Client) -> None:
    FileMapping.objects.create(name="Stripe", shape="stripe-payments", sender="stripe")
    text = unescape(Wizard(admin_client, GRADES, "grades.csv", mapping="Stripe").text)

    assert "grades.csv is no file of the kind “Stripe payments”: it lacks" in text


def test_the_sheet_that_is_recognized_is_read_unless_another_is_chosen(
    admin_client: Client,
) -> None:
    rows = [line.split(",") for line in GRADES.splitlines()]
    page = Wizard(admin_client, workbook([["Notes"], ["by Bo"]], rows), "grades.xlsx")
    assert page.page.context["opened"].key == "canvas-gradebook"
    assert "Sheets of this file: Sheet 1, Sheet 2." in page.text

    page.options = {"sheet": "Sheet 1"}
    page._post("_read")
    assert page.page.context["opened"].key == "columns"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "The submitted file is empty"),
        (archive(a_csv=b"a\n" * 100)[:-30], "is cut off or damaged"),
        ("Zoë,b\n1,2\n".encode("latin-1"), "Line 1 is not UTF-8"),
        (workbook([["a"], ["=1+1"]]), "has the formula =1+1 but no value"),
        (",".join("abcdefghij" * 200) + "\n1\n", "has 2000 columns; at most 1000 are read"),
    ],
    ids=["empty", "truncated", "Latin-1", "formula", "wide"],
)
def test_what_cannot_be_read_is_told_at_the_upload(
    admin_client: Client, content: bytes | str, why: str
) -> None:
    assert why in unescape(Wizard(admin_client, content).text)


def test_200_columns_can_be_mapped(admin_client: Client) -> None:
    names = [f"Column {at}" for at in range(200)]
    page = Wizard(admin_client, f"{','.join(names)}\n{','.join('x' * 200)}\n", kind="note.written")

    assert "Column 199" in page.text
    assert "“occurred_at” is missing" in unescape(page.preview().text)


def test_the_pages_need_few_queries(
    admin_client: Client, django_assert_max_num_queries: object
) -> None:
    page = Wizard(admin_client, GRADES, "grades.csv")
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        admin_client.get(page.url)


def test_on_an_empty_site_creating_and_enrolling_is_proposed(admin_client: Client) -> None:
    Course.objects.all().delete()
    page = Wizard(admin_client, LOG, "logs.csv")

    assert page.page.context["options"]["creates_unknown"].value() is True
    page.preview("course=py", "learner=id", creates_unknown="on")
    assert page.trial.report.kinds == {"content.viewed": 1, "enrollment.started": 1}


def test_once_there_are_courses_nothing_is_created_unasked(admin_client: Client) -> None:
    page = Wizard(admin_client, LOG, "logs.csv").preview("course=py", "learner=id")

    assert page.trial.report.kinds == {}
