"""The CSV import in the admin: upload, preview of each row, confirmation."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.tests.people import account
from curriculum.models import Enrollment, Learner
from intake.csv import forms
from intake.csv.columns import Columns
from intake.event_kinds import KINDS
from intake.events.envelope import Envelope, open_event
from intake.events.kind_checks import check_data
from intake.models import Event, ImportRun, RejectedEvent
from intake.tests.csv_files import HEADER, view
from intake.tests.lms import school

pytestmark = [pytest.mark.django_db, pytest.mark.once]
IMPORT = "/admin/intake/event/import/"
CONFIRM = "/admin/intake/event/process_import/"


@pytest.fixture(autouse=True)
def _school() -> None:
    school()
    Event.objects.all().delete()


def upload(client: Client, *lines: str, **choices: Any) -> Any:
    file = SimpleUploadedFile("events.csv", "\n".join(lines).encode())
    usual = {"kind": "content.viewed", "sender": "lms", "format": "0", "resource": "0"}
    return client.post(IMPORT, {**usual, **choices, "import_file": file})


def confirm(client: Client, page: Any) -> Any:
    """Submit the confirmation form of the preview."""
    form = page.content.decode().split(f'action="{CONFIRM}"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    return client.post(CONFIRM, fields)


def messages_of(answer: Any) -> str:
    return " ".join(map(str, get_messages(answer.wsgi_request)))


def rows_of(page: Any) -> list[tuple[int, str]]:
    return [(row.line, row.word) for row in page.context["result"].shown]


def test_the_preview_lists_each_row_and_changes_nothing(admin_client: Client) -> None:
    confirm(admin_client, upload(admin_client, HEADER, view("e1")))
    page = upload(admin_client, HEADER, view("e1"), view("e2"), view("e3", "cleo"))
    text = page.content.decode()

    assert rows_of(page) == [(2, "Already stored"), (3, "New"), (4, "Rejected")]
    assert "3 rows read: 1 new, 1 already stored, 1 rejected." in text
    assert "unknown learner" in text
    assert Event.objects.count() == 1


def test_a_file_with_invalid_rows_cannot_be_confirmed(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "cleo"))

    assert CONFIRM not in page.content.decode()
    assert "Nothing will be imported until all rows are valid" in page.content.decode()


def test_a_confirmed_file_is_imported(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "bo"))
    answer = confirm(admin_client, page)

    assert messages_of(answer) == "2 rows read: 2 new, 0 already stored, 0 rejected."
    assert set(Event.objects.values_list("sender", "key")) == {("lms", "e1"), ("lms", "e2")}
    run = ImportRun.objects.get()
    assert (run.source, run.status, run.started_by and run.started_by.is_superuser) == (
        "events.csv",
        "done",
        True,
    )


def test_invalid_rows_are_skipped_with_the_option(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "cleo"), skips_bad="on")
    confirm(admin_client, page)

    assert Event.objects.get().key == "e1"
    assert RejectedEvent.objects.get().key == "e2"


def test_unknown_learners_are_created_with_the_option(admin_client: Client) -> None:
    lines = (HEADER, view("e1", "cleo"))
    page = upload(admin_client, *lines, kind="enrollment.started", creates_unknown="on")
    assert not Learner.objects.filter(key="cleo").exists()
    confirm(admin_client, page)

    assert Enrollment.objects.filter(learner__key="cleo").exists()


def test_confirming_twice_imports_once(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"))
    confirm(admin_client, page)

    assert "has expired or was already imported" in messages_of(confirm(admin_client, page))
    assert Event.objects.count() == 1


def test_importing_the_same_file_again_changes_nothing(admin_client: Client) -> None:
    for _ in range(2):
        answer = confirm(admin_client, upload(admin_client, HEADER, view("e1")))

    assert "nothing was changed" in messages_of(answer)


def test_rows_that_became_invalid_stop_the_whole_import(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "bo"))
    Learner.objects.filter(key="bo").update(key="bob")

    assert "1 rejected. Nothing was imported" in messages_of(confirm(admin_client, page))
    assert not Event.objects.exists()


def test_an_expired_upload_cannot_be_confirmed(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"))
    cache.clear()

    assert "has expired or was already imported" in messages_of(confirm(admin_client, page))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("id,when,learner,course", view("e1")), "Unknown column “when” for content.viewed"),
        ((HEADER,), "has a header but no rows"),
        ((HEADER, '"e1,2026'), "starts in line 2 cannot be read"),
    ],
)
def test_an_unreadable_file_is_an_error_of_its_field(
    admin_client: Client, lines: tuple[str, ...], why: str
) -> None:
    assert why in upload(admin_client, *lines).content.decode()


def test_a_long_file_points_to_the_command(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MAX_ROWS", 1)
    text = upload(admin_client, HEADER, view("e1"), view("e2")).content.decode()

    assert "has 2 rows; the maximum here is 1. Import it with the command" in text


def test_without_permission_there_is_no_page_and_no_link(client: Client) -> None:
    cleo = account("Cleo", is_staff=True)
    cleo.user_permissions.add(Permission.objects.get(codename="view_event"))
    client.force_login(cleo)

    assert "Import CSV" not in client.get("/admin/intake/event/").content.decode()
    for answer in (
        client.get(IMPORT),
        upload(client, HEADER, view("e1")),
        client.post(CONFIRM),
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
    (row,) = forms.open_upload(content, "template.csv", kind)
    envelope = open_event(row.raw, now=timezone.now())
    assert isinstance(envelope, Envelope)
    check_data(envelope)
    return True


def test_an_unknown_kind_has_no_template(admin_client: Client) -> None:
    assert admin_client.get(f"{IMPORT}made.up.csv").status_code == 404


def test_the_import_run_lists_the_rejected_rows(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "cleo"), skips_bad="on")
    confirm(admin_client, page)
    run = ImportRun.objects.get()
    text = admin_client.get(f"/admin/intake/importrun/{run.pk}/change/").content.decode()

    assert "1: unknown_learner learner" in text
    assert "Line 3, column learner: unknown learner" in text
