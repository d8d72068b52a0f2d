"""Bulk actions on a stale or tampered selection: a sentence, and nothing is done or half-done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.tests.people import course
from alerts.models import Alert, AlertEvent
from alerts.tests.alerted import create_alert
from kpis.tests.measured import staff
from kpisite.tests.test_access_admin import expected_actions, list_of

pytestmark = pytest.mark.django_db
ALERTS = "/admin/alerts/alert/"
ACTIONS = [
    (label, action)
    for label, some in expected_actions("superuser").items()
    for action in sorted(some)
]
GONE = "no longer in this list. Nothing was changed."
WRONG = {
    "a row that is gone": (["987654321"], GONE),
    "no number": (["1 OR 1=1"], "has an id that no row can have. Nothing was changed."),
    "a number too large": (["9" * 30], "has an id that no row can have. Nothing was changed."),
    "nothing": ([], "No row is chosen. Nothing was changed."),
}


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(staff())
    return client


def said(client: Client, path: str, posted: dict[str, Any]) -> str:
    response = client.post(path, posted, follow=True)
    assert response.status_code == 200
    return " ".join(str(one) for one in response.context["messages"])


@pytest.mark.parametrize(("label", "action"), ACTIONS)
def test_a_wrong_selection_gets_a_sentence_and_changes_nothing(
    root: Client, label: str, action: str
) -> None:
    path = list_of(apps.get_model(label))
    for case, (chosen, sentence) in WRONG.items():
        posted = {"action": action, "_selected_action": chosen, "confirmed": "yes"}

        assert sentence in said(root, path, posted), case
    assert not LogEntry.objects.exists()


def test_all_rows_of_an_empty_list_are_none(root: Client) -> None:
    posted = {"action": "comment", "_selected_action": ["1"], "select_across": "1"}

    assert "No row is chosen. Nothing was changed." in said(root, ALERTS, posted)


@pytest.mark.parametrize(
    ("change", "query"),
    [
        (lambda one: one.delete(), ""),
        (lambda one: Alert.objects.filter(pk=one.pk).update(closed_at=one.opened_at),
         "?closed_at__isempty=1"),
    ],
    ids=["deleted", "closed, and not in the list of open ones"],
)  # fmt: skip
def test_a_row_that_changed_meanwhile_stops_the_action_for_all(
    root: Client, change: Callable[[Alert], object], query: str
) -> None:
    made = course("py")
    alerts = [create_alert(made, closed_at=None, name=name) for name in ("Stays", "Goes")]
    chosen = {"action": "comment", "_selected_action": [one.pk for one in alerts], "note": "Why?"}
    assert b"Goes" in root.post(ALERTS + query, chosen).content
    change(alerts[1])

    assert GONE in said(root, ALERTS + query, {**chosen, "confirmed": "yes"})
    assert not AlertEvent.objects.filter(by__isnull=False).exists()
    assert not LogEntry.objects.exists()


def test_the_history_has_only_the_rows_that_were_changed(root: Client) -> None:
    made = course("py")
    still, over = (create_alert(made, closed_at=None, name=name) for name in ("Open", "Over"))
    Alert.objects.filter(pk=over.pk).update(closed_at=over.opened_at)
    chosen = {"action": "close_as_expected", "_selected_action": [still.pk, over.pk]}
    found = said(root, ALERTS, {**chosen, "note": "Easter", "confirmed": "yes"})

    assert "1 alert updated." in found
    assert [one.object_id for one in LogEntry.objects.all()] == [str(still.pk)]
