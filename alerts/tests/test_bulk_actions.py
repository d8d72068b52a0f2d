"""Acting on many alerts at once, on the page and by the API."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, User
from alerts.models import Alert, AlertEvent
from alerts.tests.alerted import create_alert
from alerts.tests.visits import PAGE
from curriculum.models import Course
from kpis.tests.measured import NOW, course, manager, stranger
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]
BULK = "/api/alerts/bulk"


@pytest.fixture
def python() -> Course:
    return course("py", "loops", "tests")


def send(who: Visitor, act: str, *alerts: Alert, query: str = "", **sent: Any) -> int:
    ids = [one.pk for one in alerts]
    response = who.client.post(PAGE + query, {"act": act, "alert": ids, **sent}, follow=True)
    who.html = unescape(response.content.decode())
    return response.status_code


def done() -> list[str]:
    events = AlertEvent.objects.exclude(kind="opened").order_by("pk")
    return list(events.values_list("kind", flat=True))


def test_checked_alerts_are_acknowledged_together(ada: Visitor) -> None:
    first, second, _ = (create_alert(name=name) for name in "ABC")

    assert send(ada, "acknowledge", first, second, reason="We look into it.") == 200
    assert "2 alerts acknowledged." in ada.html
    assert Alert.objects.filter(owner=User.objects.get()).count() == 2


def test_what_is_skipped_is_named_with_its_reason(ada: Visitor, python: Course) -> None:
    over = create_alert(closed_at=NOW)
    taken = create_alert(python, acknowledged_at=NOW, acknowledged_by=User.objects.get())

    send(ada, "acknowledge", over, taken, create_alert(name="Free"))

    assert "1 alert acknowledged." in ada.html
    assert "2 alerts were skipped:" in ada.html
    assert "the site misses its target – This alert is already closed." in ada.html
    assert "About py misses its target – This alert was already acknowledged by Ada." in (
        ada.html.replace("All about", "About")
    )


def test_all_alerts_shown_are_closed_without_checking_each(ada: Visitor) -> None:
    shown = [create_alert(name=name).pk for name in "AB"]
    create_alert(name="Opened since the page was loaded")

    send(ada, "close", all="yes", shown=shown, reason="The exam is in July.")

    assert Alert.objects.filter(is_expected=True).count() == 2


def test_a_longer_snooze_is_kept(ada: Visitor) -> None:
    long = create_alert(name="Long", snoozed_until=NOW + timedelta(days=90))

    send(ada, "snooze", long, create_alert(name="Free"), until="2026-08-01", reason="Holidays.")

    assert "1 alert snoozed." in ada.html
    assert "Already snoozed until" in ada.html
    assert done() == ["snoozed"]


@pytest.mark.parametrize(
    ("act", "sent", "said"),
    [
        ("close", {}, "Enter a reason."),
        ("snooze", {"reason": "Holidays."}, "Enter a date."),
        ("snooze", {"reason": "Holidays.", "until": "2020-01-01"}, "must end in the future"),
        ("bake", {}, "Choose what to do with the alerts."),
    ],
)
def test_a_wrong_form_changes_nothing_and_keeps_the_choice(
    ada: Visitor, act: str, sent: dict[str, str], said: str
) -> None:
    alert = create_alert()

    assert send(ada, act, alert, **sent) == 400
    assert said in ada.html
    assert f'value="{alert.pk}" checked' in ada.html
    assert done() == []


def test_nothing_checked_is_said(ada: Visitor) -> None:
    create_alert()

    assert send(ada, "acknowledge") == 400
    assert "Check at least one alert." in ada.html


def test_the_filters_stay(ada: Visitor) -> None:
    alert = create_alert()
    response = ada.client.post(f"{PAGE}?q=site", {"act": "acknowledge", "alert": [alert.pk]})

    assert response.headers["Location"] == f"{PAGE}?q=site"


def test_alerts_of_other_courses_look_unknown(python: Course) -> None:
    bo, other = Visitor(manager(python)), create_alert(course("rb"))

    send(bo, "close", other, reason="No.")

    assert f"Unknown alert {other.pk}." in bo.html
    assert "rb" not in bo.html
    assert done() == []


def test_an_owner_who_may_not_see_an_alert_gets_the_others(ada: Visitor, python: Course) -> None:
    bo = manager(python)
    send(ada, "acknowledge", create_alert(python), create_alert(), owner=bo.pk)

    assert "Bo may not see this alert." in ada.html
    assert list(Alert.objects.filter(owner=bo).values_list("course__key", flat=True)) == ["py"]


def test_the_api_answers_for_each_alert(ada: Visitor) -> None:
    mine, over = create_alert(), create_alert(name="Over", closed_at=NOW)
    sent = {"action": "close", "alerts": [mine.pk, over.pk, 99], "reason": "Expected."}

    answer = ada.client.post(BULK, sent, content_type="application/json").json()

    codes = [(one["id"], one["status"], one["code"]) for one in answer["results"]]
    assert codes == [
        (mine.pk, "done", None),
        (over.pk, "skipped", "closed"),
        (99, "skipped", "unknown"),
    ]
    assert (answer["done"], answer["skipped"]) == (1, 2)


def test_a_key_signs_what_it_does(python: Course) -> None:
    _, secret = create_api_key("robot", [ApiKey.Scope.KPIS_READ, ApiKey.Scope.ALERTS_WRITE])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    sent = {"action": "acknowledge", "alerts": [create_alert().pk], "note": "Seen."}

    assert client.post(BULK, sent, content_type="application/json").json()["done"] == 1
    assert AlertEvent.objects.latest("pk").reason == "Seen. (API key robot)"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"action": "bake", "alerts": [1]}, "action"),
        ({"action": "close", "alerts": []}, "alerts"),
        ({"action": "close", "alerts": [1]}, "reason"),
        ({"action": "snooze", "alerts": [1], "reason": "x"}, "until"),
        ({"action": "acknowledge", "alerts": [1], "owner": "no@example.com"}, "owner"),
    ],
)
def test_a_wrong_request_names_the_field(ada: Visitor, sent: dict[str, Any], field: str) -> None:
    response = ada.client.post(BULK, sent, content_type="application/json")

    assert (response.status_code, response.json()["field"]) == (400, field)


def test_learners_act_on_nothing(python: Course) -> None:
    cleo = Visitor(stranger())

    assert send(cleo, "close", create_alert(python), reason="No.") == 403
