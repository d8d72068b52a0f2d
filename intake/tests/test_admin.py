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
def _ada_may_enrol() -> None:
    learner("Ada")
    run_of(course("py", modules=1))


def sign_up(**more: object) -> dict[str, object]:
    """Ada's enrolment, as the system "lms" sends it."""
    usual = {
        "id": "e1",
        "kind": "enrollment.started",
        "occurred_at": "2026-11-02T09:00:00Z",
        "learner": "ada",
        "course": "py",
    }
    return {**usual, **more}


def refused(**more: object) -> RejectedEvent:
    receive([sign_up(**more)], Sender("lms"))
    return RejectedEvent.objects.latest("pk")


def told(answer: HttpResponse) -> str:
    """The messages that the visitor is shown next."""
    return " ".join(map(str, get_messages(answer.wsgi_request)))  # type: ignore[attr-defined]


def corrected(client: Client, row: RejectedEvent, payload: str, button: str) -> HttpResponse:
    path = f"/admin/intake/rejectedevent/{row.pk}/change/"
    return client.post(path, {"payload": payload, button: "1"})  # type: ignore[return-value]


def test_a_corrected_event_gets_in(admin_client: Client) -> None:
    row = refused(course="pi")
    answer = corrected(admin_client, row, json.dumps(sign_up()), "_replay")
    row.refresh_from_db()

    assert told(answer) == "e1 is accepted."
    assert Event.objects.get().course_key == "py"
    assert row.resolved_at is not None


def test_an_event_that_is_still_wrong_says_why_and_waits(admin_client: Client) -> None:
    row = refused(course="pi")
    answer = corrected(admin_client, row, json.dumps(sign_up(course="py", learner="")), "_replay")
    row.refresh_from_db()

    assert "is still refused" in told(answer)
    assert row.reason in told(answer)
    assert row.resolved_at is None
    assert RejectedEvent.objects.count() == 1


def test_a_replay_leaves_other_refused_events_alone(admin_client: Client) -> None:
    row = refused(id=None)
    other = refused(id=None, learner="bo")
    answer = corrected(admin_client, row, json.dumps(sign_up(id=None, course="pi")), "_replay")

    assert "is still refused" in told(answer)
    assert RejectedEvent.objects.filter(pk=other.pk).exists()


def test_a_correction_may_be_saved_without_replaying_it(admin_client: Client) -> None:
    row = refused(course="pi")
    corrected(admin_client, row, json.dumps(sign_up()), "_save")
    row.refresh_from_db()

    assert json.loads(row.payload)["course"] == "py"
    assert not Event.objects.exists()


def test_a_correction_that_is_no_json_is_told_with_its_place(admin_client: Client) -> None:
    row = refused(course="pi")
    answer = corrected(admin_client, row, '{"id": }', "_save")

    assert "This is not JSON: Expecting value: line 1 column 8" in answer.content.decode()


def test_several_are_replayed_and_each_is_answered(admin_client: Client) -> None:
    rows = [refused(id="e1", learner="bo"), refused(id="e2", learner="cleo")]
    learner("Bo")
    data = {"action": "replay_selected", "_selected_action": [row.pk for row in rows]}
    message = told(admin_client.post("/admin/intake/rejectedevent/", data))  # type: ignore[arg-type]

    assert "e1 is accepted." in message
    assert "e2 is still refused" in message


def test_what_got_in_is_no_longer_edited(admin_client: Client) -> None:
    row = refused(course="pi")
    corrected(admin_client, row, json.dumps(sign_up()), "_replay")
    page = admin_client.get(f"/admin/intake/rejectedevent/{row.pk}/change/").content.decode()

    assert 'name="_replay"' not in page
    assert "<textarea" not in page


def test_who_may_only_look_replays_nothing(client: Client) -> None:
    row = refused(course="pi")
    client.force_login(account("Bo", is_staff=True))

    assert corrected(client, row, json.dumps(sign_up()), "_replay").status_code == 403
    assert not Event.objects.exists()


def test_an_event_is_shown_as_it_was_sent(admin_client: Client) -> None:
    receive([sign_up(kind="made.up", data={"note": "<b>Grüße</b>"})], Sender("lms"))
    event = Event.objects.get()
    page = admin_client.get(f"/admin/intake/event/{event.pk}/change/").content.decode()

    assert "&quot;note&quot;: &quot;&lt;b&gt;Grüße&lt;/b&gt;&quot;" in page
    assert 'name="_save"' not in page


def test_unmapped_events_are_listed_by_themselves(admin_client: Client) -> None:
    receive([sign_up(), sign_up(id="e2", kind="made.up")], Sender("lms"))
    page = admin_client.get("/admin/intake/event/?is_mapped__exact=0").content.decode()

    assert "made.up" in page
    assert "1 event" in page


def test_an_import_s_report_reads_as_a_table(admin_client: Client) -> None:
    report = {"courses": {"read": 23, "taken": 22, "refused": {"no presentation": 1}}}
    run = ImportRun.objects.create(kind="oulad", source="a.zip", digest="0" * 64, report=report)
    page = admin_client.get(f"/admin/intake/importrun/{run.pk}/change/").content.decode()

    assert "<td>23</td><td>22</td>" in page
    assert "1: no presentation" in page
