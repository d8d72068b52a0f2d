"""Staff bring a CSV: upload, what would come row by row, confirmation."""

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
from intake.events.envelope import check_data, open_envelope
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
    """Press the button of the page that showed what would come."""
    form = page.content.decode().split(f'action="{CONFIRM}"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    return client.post(CONFIRM, fields)


def told(answer: Any) -> str:
    return " ".join(map(str, get_messages(answer.wsgi_request)))


def rows_of(page: Any) -> list[tuple[int, str]]:
    return [(row.line, row.word) for row in page.context["result"].shown]


def test_the_preview_tells_row_by_row_and_changes_nothing(admin_client: Client) -> None:
    confirm(admin_client, upload(admin_client, HEADER, view("e1")))
    page = upload(admin_client, HEADER, view("e1"), view("e2"), view("e3", "cleo"))
    text = page.content.decode()

    assert rows_of(page) == [(2, "In already"), (3, "New"), (4, "Refused")]
    assert "3 rows read: 1 new, 1 in already, 1 refused." in text
    assert "nobody is known by this key" in text
    assert Event.objects.count() == 1


def test_a_file_with_refused_rows_cannot_be_confirmed(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "cleo"))

    assert CONFIRM not in page.content.decode()
    assert "Nothing is taken while rows are refused" in page.content.decode()


def test_what_was_confirmed_is_taken_in(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "bo"))
    answer = confirm(admin_client, page)

    assert told(answer) == "2 rows read: 2 new, 0 in already, 0 refused."
    assert set(Event.objects.values_list("sender", "key")) == {("lms", "e1"), ("lms", "e2")}
    run = ImportRun.objects.get()
    assert (run.source, run.status, run.started_by and run.started_by.is_superuser) == (
        "events.csv",
        "done",
        True,
    )


def test_bad_rows_are_left_out_where_staff_say_so(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "cleo"), skips_bad="on")
    confirm(admin_client, page)

    assert Event.objects.get().key == "e1"
    assert RejectedEvent.objects.get().key == "e2"


def test_unknown_learners_are_made_where_staff_say_so(admin_client: Client) -> None:
    lines = (HEADER, view("e1", "cleo"))
    page = upload(admin_client, *lines, kind="enrollment.started", creates_unknown="on")
    assert not Learner.objects.filter(key="cleo").exists()
    confirm(admin_client, page)

    assert Enrollment.objects.filter(learner__key="cleo").exists()


def test_a_confirmation_pressed_twice_takes_nothing_twice(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"))
    confirm(admin_client, page)

    assert "held no longer" in told(confirm(admin_client, page))
    assert Event.objects.count() == 1


def test_the_same_file_again_is_politely_left_alone(admin_client: Client) -> None:
    for _ in range(2):
        answer = confirm(admin_client, upload(admin_client, HEADER, view("e1")))

    assert "already; nothing was changed" in told(answer)


def test_rows_that_went_bad_meanwhile_stop_the_whole_file(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "bo"))
    Learner.objects.filter(key="bo").update(key="bob")

    assert "1 refused. Nothing was taken" in told(confirm(admin_client, page))
    assert not Event.objects.exists()


def test_an_upload_waits_no_longer_than_it_is_held(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"))
    cache.clear()

    assert "held no longer" in told(confirm(admin_client, page))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("id,when,learner,course", view("e1")), "“when” is no column of content.viewed"),
        ((HEADER,), "has a header and no rows"),
        ((HEADER, '"e1,2026'), "begins in line 2 cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_beside_its_field(
    admin_client: Client, lines: tuple[str, ...], why: str
) -> None:
    assert why in upload(admin_client, *lines).content.decode()


def test_a_long_file_is_sent_to_the_command(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_ROWS", 1)
    text = upload(admin_client, HEADER, view("e1"), view("e2")).content.decode()

    assert "has 2 rows; at most 1 here. Take larger files in by the command" in text


def test_who_may_not_import_sees_no_page_and_no_link(client: Client) -> None:
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


def test_who_may_import_finds_the_page(client: Client) -> None:
    bo = account("Bo", is_staff=True)
    names = ("view_event", "import_event")
    bo.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(bo)

    assert IMPORT in client.get("/admin/intake/event/").content.decode()
    assert "Columns of video.watched" in client.get(f"{IMPORT}?kind=video.watched").content.decode()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_template_of_each_kind_is_a_row_that_the_kind_allows(
    admin_client: Client, kind: str
) -> None:
    answer = admin_client.get(f"{IMPORT}{kind}.csv")
    (row,) = csv.DictReader(answer.content.decode().splitlines())

    assert answer["Content-Disposition"] == f'attachment; filename="{kind}.csv"'
    assert list(row) == list(Columns(KINDS[kind]).by_short_name)
    assert allowed(kind, answer.content)


def allowed(kind: str, content: bytes) -> bool:
    """Refused says what is wrong with the row."""
    (row,) = forms.opened(content, "template.csv", kind)
    check_data(open_envelope(row.raw, now=timezone.now()))
    return True


def test_there_is_no_template_of_a_kind_that_is_none(admin_client: Client) -> None:
    assert admin_client.get(f"{IMPORT}made.up.csv").status_code == 404


def test_the_import_run_tells_what_was_refused(admin_client: Client) -> None:
    page = upload(admin_client, HEADER, view("e1"), view("e2", "cleo"), skips_bad="on")
    confirm(admin_client, page)
    run = ImportRun.objects.get()
    text = admin_client.get(f"/admin/intake/importrun/{run.pk}/change/").content.decode()

    assert "1: unknown_learner learner" in text
    assert "Line 3, column learner: nobody is known by this key" in text
