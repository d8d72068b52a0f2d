from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.access import create_api_key
from accounts.models import User
from alerts.models import Alert, AlertEvent
from alerts.tests.alerted import add_event, create_alert
from curriculum.models import Course
from kpis.tests.measured import COMPLETION, NOW, course, fed, manager, measured, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

LIST = "/api/alerts"
READ, WRITE, SMALL = "kpis:read", "alerts:write", "kpis:small-groups"
SOON = "2026-07-11T00:00:00Z"


@pytest.fixture
def python() -> Course:
    return course("py", "loops")


def bearing(*scopes: str, courses: tuple[Course, ...] = ()) -> Client:
    _, secret = create_api_key("my-lms", scopes or (READ, WRITE), courses=courses)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def sent(client: Client, alert: Alert, act: str, **body: Any) -> tuple[int, dict[str, Any]]:
    path = f"{LIST}/{alert.pk}/{act}"
    response = client.post(path, body, content_type="application/json")
    return response.status_code, response.json()


def test_the_list_shows_scope_figures_and_periods(python: Course) -> None:
    alert = create_alert(python)
    page = bearing(READ, SMALL).get(LIST).json()
    (one,) = page["results"]

    assert (page["count"], page["next"]) == (1, None)
    assert (one["id"], one["kpi"], one["scope"], one["key"]) == (
        alert.pk,
        COMPLETION,
        "course",
        "py",
    )
    assert (one["value"], one["target"], one["n"]) == (60.0, 85.0, 100)
    assert (one["first_period_start"], one["period_start"]) == ("2026-06-01", "2026-06-01")
    assert one["sentence"] == "June 2026: 60.0%, 25.0 pts below the target of 85%."
    assert one["url"] == f"/alerts/{alert.pk}"


def test_the_list_is_filtered_and_paged(python: Course) -> None:
    for severity in ("info", "critical", "warning"):
        create_alert(python, name=severity, severity=severity)
    create_alert(closed_at=NOW)
    client = bearing(READ)

    first = client.get(f"{LIST}?course=py&limit=2").json()
    second = client.get(first["next"]).json()

    found = [one["severity"] for page in (first, second) for one in page["results"]]
    assert found == ["critical", "warning", "info"]
    assert client.get(f"{LIST}?state=closed").json()["count"] == 1


@pytest.mark.parametrize("state", ["open", "all"])
def test_closing_an_alert_between_two_pages_skips_no_other(state: str) -> None:
    made = [create_alert(name=f"Rule {at}") for at in range(5)]
    client = bearing(READ)
    page = client.get(f"{LIST}?limit=2&state={state}").json()
    met = [one["id"] for one in page["results"]]
    Alert.objects.filter(pk=met[0]).update(closed_at=NOW)
    while page["next"]:
        page = client.get(page["next"]).json()
        met += [one["id"] for one in page["results"]]

    assert met == [one.pk for one in reversed(made)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=2", "page"),
        ("state=bad", "state"),
        ("severity=bad", "severity"),
        ("kpi=no.such", "kpi"),
        ("course=no", "course"),
        ("owner=me", "owner"),
        ("stat=open", "stat"),
    ],
)
def test_an_invalid_parameter_is_rejected(query: str, field: str) -> None:
    response = bearing(READ).get(f"{LIST}?{query}")

    assert (response.status_code, response.json()["field"]) == (400, field)


def test_one_alert_comes_with_its_history(python: Course) -> None:
    alert = create_alert(python)
    add_event(alert, "commented", reason="Known.", by=staff())

    one = bearing(READ, SMALL).get(f"{LIST}/{alert.pk}").json()

    assert [(event["kind"], event["by"]) for event in one["history"]] == [
        ("opened", None), ("commented", "ada@example.com"),
    ]  # fmt: skip


def test_figures_of_small_groups_are_left_out(python: Course) -> None:
    fed(python)
    measured(COMPLETION, "2026-06", total=3, n=5, of=python, learners=5)
    one = bearing(READ).get(f"{LIST}/{create_alert(python).pk}").json()

    assert one["is_suppressed"]
    assert {one[name] for name in ("value", "target", "ci_low", "ci_high", "n")} == {None}
    assert "60.0" not in str(one)


def test_a_key_of_another_course_sees_no_alerts(python: Course) -> None:
    client = bearing(courses=(course("rb"),))
    alert = create_alert(python)

    assert client.get(LIST).json()["count"] == 0
    assert client.get(f"{LIST}/{alert.pk}").status_code == 404
    assert sent(client, alert, "close", reason="No.")[0] == 404
    assert sent(client, create_alert(), "close", reason="No.")[0] == 404
    assert not Alert.objects.exclude(closed_at=None).exists()


@pytest.mark.parametrize("scope", [READ, WRITE])
def test_acting_needs_both_scopes(scope: str) -> None:
    assert sent(bearing(scope), create_alert(), "comment", text="Hello.")[0] == 403


@pytest.mark.parametrize(
    ("act", "body", "kind", "why"),
    [
        ("acknowledge", {"note": "Ours."}, "acknowledged", "Ours. (API key my-lms)"),
        (
            "snooze",
            {"until": SOON, "reason": "Known."},
            "snoozed",
            "Until 11 Jul 2026, 00:00: Known. (API key my-lms)",
        ),
        ("comment", {"text": "Hello."}, "commented", "Hello. (API key my-lms)"),
        ("close", {"reason": "Known."}, "closed", "As expected: Known. (API key my-lms)"),
    ],
)
def test_a_key_acts_and_is_named_in_the_history(
    act: str, body: dict[str, str], kind: str, why: str
) -> None:
    status, answer = sent(bearing(), create_alert(), act, **body)

    assert status == 200
    assert (answer["history"][-1]["kind"], answer["history"][-1]["why"]) == (kind, why)


def test_a_snooze_is_ended() -> None:
    alert = create_alert(snoozed_until=NOW + timedelta(days=1))

    assert sent(bearing(), alert, "unsnooze")[1]["snoozed_until"] is None


def test_a_manager_acts_by_their_session(python: Course) -> None:
    client = Client()
    client.force_login(manager(python))
    answer = sent(client, create_alert(python), "acknowledge")[1]

    assert (answer["owner"], answer["acknowledged_by"]) == ("bo@example.com", "bo@example.com")


def test_an_owner_must_be_allowed_to_see_the_alert(python: Course) -> None:
    alert, client = create_alert(), bearing()
    manager(python)

    assert sent(client, alert, "acknowledge", owner="bo@example.com")[1] == {
        "code": "bad_question",
        "detail": "No account bo@example.com may see this alert.",
        "field": "owner",
    }
    assert sent(client, create_alert(python), "acknowledge", owner="BO@example.com")[0] == 200
    assert User.objects.get().owned_alerts.count() == 1


@pytest.mark.parametrize(
    ("act", "body", "field"),
    [
        ("snooze", {"reason": "Known."}, "until"),
        ("snooze", {"until": "soon", "reason": "Known."}, "until"),
        ("snooze", {"until": "2026-07-10T00:00:00Z", "reason": "Known."}, None),
        ("snooze", {"until": "9999-12-31T23:59:59Z", "reason": "Known."}, "until"),
        ("snooze", {"until": SOON}, "reason"),
        ("comment", {}, "text"),
        ("comment", {"text": " "}, "text"),
        ("close", {"reason": "x" * 901}, "reason"),
        ("unsnooze", {}, None),
    ],
)
def test_invalid_input_is_explained_and_changes_nothing(
    act: str, body: dict[str, str], field: str | None
) -> None:
    status, answer = sent(bearing(), create_alert(), act, **body)

    assert (status, answer.get("field")) == (400, field)
    assert answer["detail"]
    assert AlertEvent.objects.count() == 1


def test_closing_a_closed_alert_is_a_conflict() -> None:
    status, answer = sent(bearing(), create_alert(closed_at=NOW), "close", reason="Known.")

    assert (status, answer["code"]) == (409, "closed")


@pytest.mark.parametrize("body", ["[]", "7", "{"])
def test_a_body_must_be_an_object(body: str) -> None:
    path = f"{LIST}/{create_alert().pk}/comment"

    assert bearing().post(path, body, content_type="application/json").status_code == 400


def test_a_session_needs_a_csrf_token(python: Course) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager(python))

    assert sent(client, create_alert(python), "comment", text="Hello.")[0] == 403


@pytest.mark.parametrize("limit", ["null", "-1", "abc", "101", ""])
def test_an_invalid_limit_is_rejected(limit: str) -> None:
    answer = bearing(READ).get(f"{LIST}?limit={limit}")

    assert (answer.status_code, answer.json()["field"]) == (400, "limit")


@pytest.mark.parametrize(("act", "name"), [("comment", "text"), ("close", "reason")])
def test_numbers_are_not_accepted_as_text(python: Course, act: str, name: str) -> None:
    status, body = sent(bearing(), create_alert(python), act, **{name: 7})

    assert (status, body["field"]) == (400, name)
