from __future__ import annotations

import json

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from accounts.tests.people import account, course, learner, run_of
from intake.events.senders import Sender
from intake.models import Event, ImportRun, RejectedEvent
from intake.receiving.receive import receive

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ada_may_enroll() -> None:
    learner("Ada")
    run_of(course("py", modules=1))


def sign_up(**more: object) -> dict[str, object]:
    """Return Ada's enrollment as the sender "lms" sends it."""
    usual = {
        "id": "e1",
        "kind": "enrollment.started",
        "occurred_at": "2026-11-02T09:00:00Z",
        "learner": "ada",
        "course": "py",
    }
    return {**usual, **more}


def rejected(**more: object) -> RejectedEvent:
    receive([sign_up(**more)], Sender("lms"))
    return RejectedEvent.objects.latest("pk")


def messages_of(answer: HttpResponse) -> str:
    """Return the messages of the next page."""
    return " ".join(map(str, get_messages(answer.wsgi_request)))  # type: ignore[attr-defined]


def save_correction(client: Client, row: RejectedEvent, payload: str, button: str) -> HttpResponse:
    path = f"/admin/intake/rejectedevent/{row.pk}/change/"
    return client.post(path, {"payload": payload, button: "1"})  # type: ignore[return-value]


def test_a_corrected_event_is_accepted(admin_client: Client) -> None:
    row = rejected(course="pi")
    answer = save_correction(admin_client, row, json.dumps(sign_up()), "_replay")
    row.refresh_from_db()

    assert messages_of(answer) == "enrollment.started e1 was accepted."
    assert Event.objects.get().course_key == "py"
    assert row.resolved_at is not None


def test_an_event_that_is_rejected_again_shows_the_reason_and_stays_open(
    admin_client: Client,
) -> None:
    row = rejected(course="pi")
    answer = save_correction(
        admin_client, row, json.dumps(sign_up(course="py", learner="")), "_replay"
    )
    row.refresh_from_db()

    assert "was rejected again" in messages_of(answer)
    assert row.reason in messages_of(answer)
    assert row.resolved_at is None
    assert RejectedEvent.objects.count() == 1


def test_a_replay_leaves_other_rejected_events_alone(admin_client: Client) -> None:
    row = rejected(id=None)
    other = rejected(id=None, learner="bo")
    answer = save_correction(
        admin_client, row, json.dumps(sign_up(id=None, course="pi")), "_replay"
    )

    assert "was rejected again" in messages_of(answer)
    assert RejectedEvent.objects.filter(pk=other.pk).exists()


def test_a_correction_may_be_saved_without_replaying_it(admin_client: Client) -> None:
    row = rejected(course="pi")
    save_correction(admin_client, row, json.dumps(sign_up()), "_save")
    row.refresh_from_db()

    assert json.loads(row.payload)["course"] == "py"
    assert not Event.objects.exists()


def test_a_correction_that_is_not_json_is_an_error_with_its_position(admin_client: Client) -> None:
    row = rejected(course="pi")
    answer = save_correction(admin_client, row, '{"id": }', "_save")

    assert "This is not valid JSON: Expecting value: line 1 column 8" in answer.content.decode()


def test_several_events_are_replayed_with_a_message_each(admin_client: Client) -> None:
    rows = [rejected(id="e1", learner="bo"), rejected(id="e2", learner="cleo")]
    learner("Bo")
    data = {"action": "replay_selected", "_selected_action": [row.pk for row in rows]}
    data |= {"confirmed": "yes"}
    message = messages_of(admin_client.post("/admin/intake/rejectedevent/", data))  # type: ignore[arg-type]

    assert "enrollment.started e1 was accepted." in message
    assert "enrollment.started e2 was rejected again" in message


def test_a_resolved_event_cannot_be_edited(admin_client: Client) -> None:
    row = rejected(course="pi")
    save_correction(admin_client, row, json.dumps(sign_up()), "_replay")
    page = admin_client.get(f"/admin/intake/rejectedevent/{row.pk}/change/").content.decode()

    assert 'name="_replay"' not in page
    assert "<textarea" not in page


def test_staff_with_view_permission_only_cannot_replay(client: Client) -> None:
    row = rejected(course="pi")
    client.force_login(account("Bo", is_staff=True))

    assert save_correction(client, row, json.dumps(sign_up()), "_replay").status_code == 403
    assert not Event.objects.exists()


def test_an_event_is_shown_as_it_was_sent(admin_client: Client) -> None:
    receive([sign_up(kind="made.up", data={"note": "<b>Grüße</b>"})], Sender("lms"))
    event = Event.objects.get()
    page = admin_client.get(f"/admin/intake/event/{event.pk}/change/").content.decode()

    assert "&quot;note&quot;: &quot;&lt;b&gt;Grüße&lt;/b&gt;&quot;" in page
    assert 'name="_save"' not in page


def test_unmapped_events_have_a_filter(admin_client: Client) -> None:
    receive([sign_up(), sign_up(id="e2", kind="made.up")], Sender("lms"))
    page = admin_client.get("/admin/intake/event/?is_mapped__exact=0").content.decode()

    assert "made.up" in page
    assert "1 event" in page


def test_the_report_of_an_import_is_a_table(admin_client: Client) -> None:
    report = {"courses": {"read": 23, "imported": 22, "rejected": {"no presentation": 1}}}
    run = ImportRun.objects.create(kind="oulad", source="a.zip", digest="0" * 64, report=report)
    page = admin_client.get(f"/admin/intake/importrun/{run.pk}/change/").content.decode()

    assert "<td>23</td><td>22</td>" in page
    assert "1: no presentation" in page
