"""Rejected events corrected in a form, one or all with the same fault."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.tests.people import account, course, learner, run_of
from intake.events.senders import Sender
from intake.models import Event, RejectedEvent
from intake.receiving.receive import receive

pytestmark = pytest.mark.django_db
LIST = "/admin/intake/rejectedevent/"


@pytest.fixture(autouse=True)
def _ada_may_enroll() -> None:
    learner("Ada")
    run_of(course("py", modules=1))


def rejected(**more: object) -> RejectedEvent:
    """Return a rejected enrollment of Ada in the unknown course "pi"."""
    usual = {
        "id": "e1",
        "kind": "enrollment.started",
        "occurred_at": "2026-11-02T09:00:00Z",
        "learner": "ada",
        "course": "pi",
    }
    receive([{**usual, **more}], Sender("lms"))
    return RejectedEvent.objects.latest("pk")


def without_field(row: RejectedEvent) -> str:
    reason = row.reason.removeprefix(f"{row.field}: ")
    return reason[:1].upper() + reason[1:]


class Form:
    """The form of an event as a browser shows it and sends it back."""

    def __init__(self, client: Client, row: RejectedEvent) -> None:
        self.client, self.row, self.path = client, row, f"{LIST}{row.pk}/correct/"
        response = client.get(self.path)
        self.html, self.context = unescape(response.content.decode()), response.context
        self.fields = {one.html_name: one.value() or "" for one in self.context["form"]}

    def send(self, button: str = "_replay", **changes: str) -> str:
        seen = self.context["seen"]
        sent: dict[str, Any] = {**self.fields, **changes, "seen": seen, button: "1"}
        response = self.client.post(self.path, {key: one for key, one in sent.items() if one})
        self.row.refresh_from_db()
        return " ".join(map(str, get_messages(response.wsgi_request)))


def test_the_link_of_an_open_event_leads_to_the_form(admin_client: Client) -> None:
    row = rejected()
    response = admin_client.get(f"{LIST}{row.pk}/change/")

    assert response.headers["Location"] == f"{LIST}{row.pk}/correct/"
    assert "<textarea" in admin_client.get(f"{LIST}{row.pk}/change/?raw=1").content.decode()


def test_the_reason_stands_at_the_field_that_was_wrong(admin_client: Client) -> None:
    row = rejected()
    form = Form(admin_client, row).context["form"]

    assert dict(form.errors) == {"course": [without_field(row)]}
    assert ("py", "Course py (py)") in form.fields["course"].choices
    assert ("pi", "pi (unknown)") in form.fields["course"].choices


def test_a_corrected_event_is_accepted_and_the_original_kept(admin_client: Client) -> None:
    row = rejected()
    sent = row.payload

    assert Form(admin_client, row).send(course="py") == "1 event was accepted."
    assert Event.objects.get().course_key == "py"
    assert (row.original, row.resolved_at is None) == (sent, False)


def test_what_the_form_does_not_show_stays_as_sent(admin_client: Client) -> None:
    row = rejected(value="many", extra={"deep": [1]}, data={"track": "audit", "odd": 1.50})
    Form(admin_client, row).send("_save", course="py")

    left = {"value": "many", "extra": {"deep": [1]}, "data": {"track": "audit", "odd": 1.5}}
    assert {key: json.loads(row.payload)[key] for key in left} == left


def test_an_unknown_field_is_removed_on_request(admin_client: Client) -> None:
    row = rejected(course="py", data={"tracks": "audit"})
    form = Form(admin_client, row)

    assert dict(form.context["form"].errors) == {"drop:data.tracks": [without_field(row)]}
    assert form.send(**{"drop:data.tracks": "on"}) == "1 event was accepted."


def test_an_event_rejected_again_shows_the_next_reason(admin_client: Client) -> None:
    row = rejected(occurred_at="yesterday")

    assert "1 event was rejected again" in Form(admin_client, row).send(
        occurred_at="2026-11-02T09:00:00Z"
    )
    assert "course" in Form(admin_client, row).context["form"].errors
    assert row.resolved_at is None


def test_all_with_the_same_fault_are_corrected_at_once(admin_client: Client) -> None:
    learner("Bo")
    rejected(id="e2", learner="bo"), rejected(id="e3", course="rs")
    row = rejected(id="e1")
    form = Form(admin_client, row)

    assert "Change course from “pi” to the same value in 1 other event" in form.html
    assert form.send(course="py", alike="yes") == "2 events were accepted."
    assert RejectedEvent.objects.open().get().key == "e3"


def test_two_people_do_not_overwrite_each_other(admin_client: Client) -> None:
    row = rejected()
    first, second = Form(admin_client, row), Form(admin_client, row)
    first.send("_save", course="py")

    assert "Somebody else corrected the event meanwhile." in second.send("_save", learner="bo")
    assert json.loads(row.payload)["learner"] == "ada"


def test_nor_do_they_as_json(admin_client: Client) -> None:
    row = rejected()
    path = f"{LIST}{row.pk}/change/?raw=1"
    seen = admin_client.get(path).context["seen"]
    Form(admin_client, row).send("_save", course="py")
    admin_client.post(path, {"payload": "{}", "seen": seen, "_save": "1"})
    row.refresh_from_db()

    assert json.loads(row.payload)["course"] == "py"


def test_an_event_accepted_meanwhile_is_not_sent_again(admin_client: Client) -> None:
    row = rejected()
    first, second = Form(admin_client, row), Form(admin_client, row)
    first.send(course="py")
    second.send(course="py")

    assert Event.objects.count() == 1


@pytest.mark.parametrize("sent", ["[1, 2]", "not JSON", '{"kind": "made.up"}'])
def test_what_has_no_form_is_edited_as_json(admin_client: Client, sent: str) -> None:
    row = rejected()
    RejectedEvent.objects.filter(pk=row.pk).update(payload=sent)

    assert admin_client.get(f"{LIST}{row.pk}/correct/").status_code == 302
    assert "<textarea" in admin_client.get(f"{LIST}{row.pk}/change/").content.decode()


def test_half_a_surrogate_pair_does_not_break_the_form(admin_client: Client) -> None:
    row = rejected(learner="ada\ud800")

    assert "ada\\ud800" in Form(admin_client, row).html


def test_the_form_is_for_staff_who_may_change_rejected_events(client: Client) -> None:
    row = rejected()
    client.force_login(account("Bo", is_staff=True))

    assert client.post(f"{LIST}{row.pk}/correct/", {"course": "py"}).status_code == 403
    assert not Event.objects.exists()
