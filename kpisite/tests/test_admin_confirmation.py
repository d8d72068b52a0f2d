"""Actions of the admin with consequences ask first, and are in the history of each row."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.tests.people import course
from alerts.models import Alert, AlertEvent
from alerts.tests.alerted import create_alert
from kpis.tests.measured import staff

pytestmark = pytest.mark.django_db
LIST = "/admin/alerts/alert/"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def test_an_alert_is_closed_after_a_confirmation_that_keeps_the_note(client: Client) -> None:
    client.force_login(staff())
    alert = create_alert(course("py"), closed_at=None)
    chosen = {"action": "close_as_expected", "_selected_action": alert.pk, "note": "Easter"}
    page = client.post(LIST, chosen).content.decode()
    assert Alert.objects.filter(closed_at=None).exists()

    sent = dict(HIDDEN.findall(page))
    assert sent["note"] == "Easter"
    client.post(LIST, sent)
    assert Alert.objects.get().closed_at is not None
    assert LogEntry.objects.get().get_change_message() == "Action: Close as expected."


@pytest.mark.parametrize("action", ["acknowledge", "snooze", "comment", "close_as_expected"])
def test_nothing_happens_to_an_alert_before_the_confirmation(client: Client, action: str) -> None:
    client.force_login(staff())
    alert = create_alert(course("py"), closed_at=None)
    chosen = {"action": action, "_selected_action": alert.pk, "note": "Easter"}
    page = client.post(LIST, chosen).content.decode()

    assert f"<li>{alert}</li>" in page
    assert not AlertEvent.objects.filter(by__isnull=False).exists()


def test_all_rows_of_all_pages_stay_chosen(client: Client) -> None:
    client.force_login(staff())
    made = course("py")
    alerts = [create_alert(made, closed_at=None, name=f"Alert {at}") for at in range(3)]
    chosen = {
        "action": "close_as_expected",
        "_selected_action": alerts[0].pk,
        "select_across": "1",
        "note": "Easter",
    }
    page = client.post(LIST, chosen).content.decode()
    client.post(LIST, dict(HIDDEN.findall(page)))

    assert not Alert.objects.filter(closed_at=None).exists()


def test_the_confirmation_shows_no_markup_of_a_row(client: Client) -> None:
    client.force_login(staff())
    alert = create_alert(course("py"), closed_at=None)
    chosen = {"action": "close_as_expected", "_selected_action": alert.pk, "note": '"><script>'}

    assert "<script>" not in client.post(LIST, chosen).content.decode().partition("<main")[2]
