"""The CSV import in the admin: upload, preview of each row, confirmation."""

from __future__ import annotations

import csv
import io
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.tests.people import account
from curriculum.models import Enrollment, Learner
from intake.csv.columns import Columns
from intake.csv.reading import EventFile
from intake.event_kinds import KINDS
from intake.events.envelope import Envelope, open_event
from intake.events.kind_checks import check_data
from intake.files.wizard import pages
from intake.models import Event, ImportRun, RejectedEvent
from intake.tables.text import TextTable
from intake.tests.csv_files import HEADER, view
from intake.tests.lms import school
from intake.tests.wizard import IMPORT, Wizard, upload_events

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _school() -> None:
    school()
    Event.objects.all().delete()


def test_the_preview_counts_rows_and_changes_nothing(admin_client: Client) -> None:
    upload_events(admin_client, HEADER, view("e1")).confirm()
    page = upload_events(admin_client, HEADER, view("e1"), view("e2"), view("e3", "cleo"))

    assert "3 rows read: 1 new, 1 already stored, 1 rejected." in page.text
    assert "Line 4, column learner: unknown learner" in page.text
    assert Event.objects.count() == 1


def test_a_file_with_invalid_rows_cannot_be_confirmed(admin_client: Client) -> None:
    page = upload_events(admin_client, HEADER, view("e1"), view("e2", "cleo"))

    assert 'name="_import"' not in page.text
    assert "Nothing will be imported until all rows are valid" in page.text
    page.confirm()
    assert not Event.objects.exists()


def test_a_confirmed_file_is_imported(admin_client: Client) -> None:
    page = upload_events(admin_client, HEADER, view("e1"), view("e2", "bo")).confirm()

    assert page.messages == "2 rows read: 2 new, 0 already stored, 0 rejected."
    assert set(Event.objects.values_list("sender", "key")) == {("lms", "e1"), ("lms", "e2")}
    run = ImportRun.objects.get()
    assert (run.source, run.status) == ("events.csv", "done")
    assert run.started_by
    assert run.started_by.is_superuser


def test_other_answers_than_those_previewed_are_previewed_again(admin_client: Client) -> None:
    page = upload_events(admin_client, HEADER, view("e1"))
    page.confirm(sender="other")
    assert not Event.objects.exists()

    page.confirm()
    assert Event.objects.get().sender == "other"


def test_invalid_rows_are_skipped_with_the_option(admin_client: Client) -> None:
    page = upload_events(admin_client, HEADER, view("e1"), view("e2", "cleo"), skips_bad="on")
    page.confirm()

    assert Event.objects.get().key == "e1"
    assert RejectedEvent.objects.get().key == "e2"


def test_unknown_learners_are_created_with_the_option(admin_client: Client) -> None:
    lines = (HEADER, view("e1", "cleo"))
    page = upload_events(admin_client, *lines, kind="enrollment.started", creates_unknown="on")
    assert not Learner.objects.filter(key="cleo").exists()
    page.confirm()

    assert Enrollment.objects.filter(learner__key="cleo").exists()


def test_confirming_twice_imports_once(admin_client: Client) -> None:
    page = upload_events(admin_client, HEADER, view("e1"))
    page.confirm()

    assert "has expired or was already imported" in page.confirm().messages
    assert Event.objects.count() == 1


def test_a_file_that_was_imported_has_nothing_new(admin_client: Client) -> None:
    upload_events(admin_client, HEADER, view("e1")).confirm()

    assert "There is nothing new to import" in upload_events(admin_client, HEADER, view("e1")).text


def test_rows_that_became_invalid_stop_the_whole_import(admin_client: Client) -> None:
    page = upload_events(admin_client, HEADER, view("e1"), view("e2", "bo"))
    Learner.objects.filter(key="bo").update(key="bob")

    assert "1 rejected. Nothing was imported" in page.confirm().text
    assert not Event.objects.exists()


def test_an_expired_upload_cannot_be_confirmed(admin_client: Client) -> None:
    page = upload_events(admin_client, HEADER, view("e1"))
    cache.clear()

    assert "has expired or was already imported" in page.confirm().messages


def test_an_upload_belongs_to_who_sent_it(admin_client: Client, client: Client) -> None:
    page = upload_events(admin_client, HEADER, view("e1"))
    client.force_login(account("Bo", is_staff=True, is_superuser=True))
    answer = client.get(page.url)

    assert answer.headers["Location"] == IMPORT


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("id,when,learner,course", view("e1")), "Column “occurred_at” is missing"),
        ((HEADER,), "has a header but no rows"),
        ((HEADER, '"e1,2026'), "starts in line 2 cannot be read"),
    ],
)
def test_an_unreadable_or_half_mapped_file_says_what_is_missing(
    admin_client: Client, lines: tuple[str, ...], why: str
) -> None:
    assert why in unescape(upload_events(admin_client, *lines).text)


def test_a_long_file_points_to_the_command(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MAX_ROWS", 1)

    assert (
        "Import it with the command"
        in upload_events(admin_client, HEADER, view("e1"), view("e2")).text
    )


def test_without_permission_there_is_no_page_and_no_link(client: Client) -> None:
    cleo = account("Cleo", is_staff=True)
    cleo.user_permissions.add(Permission.objects.get(codename="view_event"))
    client.force_login(cleo)

    assert "Import a file" not in client.get("/admin/intake/event/").content.decode()
    for answer in (
        client.get(IMPORT),
        Wizard(client, HEADER).page,
        client.post(f"{IMPORT}token/"),
        client.get(f"{IMPORT}content.viewed.csv"),
    ):
        assert answer.status_code == 403


def test_with_permission_there_is_a_link_to_the_page(client: Client) -> None:
    bo = account("Bo", is_staff=True)
    names = ("view_event", "import_event")
    bo.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(bo)

    assert IMPORT in client.get("/admin/intake/event/").content.decode()
    assert (
        "Columns for video.watched" in client.get(f"{IMPORT}?kind=video.watched").content.decode()
    )


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_template_of_each_kind_contains_a_valid_row(admin_client: Client, kind: str) -> None:
    answer = admin_client.get(f"{IMPORT}{kind}.csv")
    (row,) = csv.DictReader(answer.content.decode().splitlines())

    assert answer["Content-Disposition"] == f'attachment; filename="{kind}.csv"'
    assert list(row) == list(Columns(KINDS[kind]).by_short_name)
    assert allowed(kind, answer.content)


def allowed(kind: str, content: bytes) -> bool:
    """Check the only row of a file; raises EventRejected if it is invalid."""
    (row,) = EventFile(TextTable(lambda: io.BytesIO(content), "template.csv"), KINDS[kind])
    envelope = open_event(row.raw, now=timezone.now())
    assert isinstance(envelope, Envelope)
    check_data(envelope)
    return True


def test_an_unknown_kind_has_no_template(admin_client: Client) -> None:
    assert admin_client.get(f"{IMPORT}made.up.csv").status_code == 404


def test_the_import_run_lists_the_rejected_rows(admin_client: Client) -> None:
    page = upload_events(admin_client, HEADER, view("e1"), view("e2", "cleo"), skips_bad="on")
    page.confirm()
    run = ImportRun.objects.get()
    text = admin_client.get(f"/admin/intake/importrun/{run.pk}/change/").content.decode()

    assert "1: unknown_learner learner" in text
    assert "Line 3, column learner: unknown learner" in text
