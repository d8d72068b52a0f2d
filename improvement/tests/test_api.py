"""Adjustments in the API: the list, one with its history, and the decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import CourseGrant, User
from alerts.models import Alert
from curriculum.models import Course
from improvement import decisions
from improvement.answer import answer
from improvement.effects.results import IMPROVED, EffectResult, GuardResult, WindowFigures
from improvement.models import Adjustment
from improvement.tests.answering import (
    APRIL,
    ITEMS,
    course_with_rule,
    month,
    proposed,
    row_of,
    value_in,
)
from kpis.models import Measurement
from kpis.tests import kernel
from kpis.tests.kernel import PLANNED

pytestmark = pytest.mark.django_db

LIST = "/api/curriculum/adjustments"
READ, WRITE, SMALL = "kpis:read", "adjustments:write", "kpis:small-groups"
NOW = APRIL + timedelta(hours=1)
HIDDEN = "Hidden to protect groups of fewer than 10 people."


@pytest.fixture(autouse=True)
def _in_april_2026(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kernel.declare(monkeypatch)
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


def bearing(*scopes: str, courses: tuple[Course, ...] = (), name: str = "my-lms") -> Client:
    _, secret = create_api_key(name, scopes or (READ, WRITE, SMALL), courses=courses)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def signed_in(*permissions: str, course: Course | None = None) -> Client:
    bo = User.objects.create_user("bo@example.com", name="Bo")
    bo.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    if course:
        CourseGrant.objects.create(user=bo, course=course)
    client = Client()
    client.force_login(bo)
    return client


def sent(client: Client, made: Adjustment, decision: str, **body: Any) -> tuple[int, Any]:
    path = f"{LIST}/{made.pk}/{decision}"
    response = client.post(path, body, content_type="application/json")
    return response.status_code, response.json()


def course_of(made: Adjustment) -> Course:
    assert made.course
    return made.course


def test_the_list_shows_what_is_proposed_and_why() -> None:
    made = proposed(steps=2)
    page = bearing(READ, SMALL).get(LIST).json()
    (one,) = page["results"]

    assert (page["count"], page["next"]) == (1, None)
    assert (one["id"], one["version"], one["status"]) == (made.pk, 1, "proposed")
    assert (one["parameter"], one["name"], one["course"]) == (ITEMS, "Practice items", "py")
    assert (one["old_value"], one["new_value"], one["label"]) == (10, 20, "10 → 20 items")
    assert (one["kpi"], one["alert_value"], one["alert_target"]) == (PLANNED, 60.0, 85.0)
    assert one["reason"] == "Planned is 60.0% (target 85.0%). Rule: More practice"
    assert (one["rule"]["name"], one["proposed_by"]) == ("More practice", None)
    assert (one["effect"], one["url"]) == (None, f"/curriculum-adjustments/{made.pk}")


def test_the_list_is_filtered() -> None:
    made = proposed()
    client = bearing(READ)
    queries = {
        "status=open": 1, "status=proposed": 1, "status=kept": 0, "course=py": 1,
        f"parameter={ITEMS}": 1, "parameter=tutor.hours": 0, f"kpi={PLANNED}": 1,
        f"kpi={kernel.STARTED}": 0,
    }  # fmt: skip
    found = {query: client.get(f"{LIST}?{query}").json()["count"] for query in queries}
    decisions.reject(made, None, reason="No.")

    assert found == queries
    assert client.get(f"{LIST}?status=open").json()["count"] == 0


def test_pages_list_each_adjustment_once() -> None:
    made = proposed()
    Adjustment.objects.bulk_create(
        Adjustment(
            course=made.course, place="py", parameter_key=ITEMS, old_value=1, new_value=1,
            kpi=PLANNED, status="declined", proposed_at=APRIL, closed_at=APRIL,
        )
        for _ in range(4)
    )  # fmt: skip
    client = bearing(READ)
    page = client.get(f"{LIST}?limit=2").json()
    met = [one["id"] for one in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        met += [one["id"] for one in page["results"]]

    assert met == list(Adjustment.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=bad", "status"),
        ("course=no", "course"),
        ("parameter=no", "parameter"),
        ("kpi=no.such", "kpi"),
        ("limit=101", "limit"),
        ("stat=open", "stat"),
        ("status=", "status"),
    ],
)
def test_an_invalid_filter_is_explained(query: str, field: str) -> None:
    response = bearing(READ).get(f"{LIST}?{query}")

    assert (response.status_code, response.json()["field"]) == (400, field)


def test_one_adjustment_comes_with_its_history() -> None:
    made = proposed()
    ada = User.objects.create_user("ada@example.com")
    decisions.approve(made, ada, reason="Yes.", now=NOW)
    one = bearing(READ, SMALL).get(f"{LIST}/{made.pk}").json()

    assert [(it["kind"], it["by"], it["why"]) for it in one["history"]] == [
        ("proposed", None, made.reason), ("approved", "ada@example.com", "Yes."),
    ]  # fmt: skip


def test_a_key_approves_and_the_learning_platform_reads_the_value() -> None:
    made = proposed(steps=2)
    status, answer = sent(bearing(), made, "approve", version=1, reason="From now on.")

    assert (status, answer["status"], answer["version"]) == (200, "watched", 2)
    assert answer["history"][-1]["why"] == "From now on. (API key my-lms)"
    assert value_in(course_of(made), NOW) == 20


def test_an_approved_value_can_apply_later() -> None:
    made = proposed(steps=2)
    status, answer = sent(bearing(), made, "approve", applies_from="2026-05-01T00:00:00Z")

    assert (status, answer["status"]) == (200, "approved")
    assert answer["applies_from"] == "2026-05-01T00:00:00Z"
    assert value_in(course_of(made), NOW) == 10


@pytest.mark.parametrize("decision", ["keep", "revert"])
def test_an_applied_change_is_kept_or_reverted(decision: str) -> None:
    made = decisions.approve(proposed(steps=2), None, now=NOW)
    status, answer = sent(bearing(), made, decision, reason="Known.")

    assert (status, answer["status"]) == (200, {"keep": "kept", "revert": "reverted"}[decision])
    assert value_in(course_of(made), NOW) == {"keep": 20, "revert": 10}[decision]


def test_a_proposal_is_rejected_with_a_reason() -> None:
    made = proposed()
    status, answer = sent(bearing(), made, "reject", reason="The exam was wrong.")

    assert (status, answer["status"]) == (200, "rejected")
    assert answer["decision_reason"] == "The exam was wrong. (API key my-lms)"


@pytest.mark.parametrize("decision", ["approve", "reject", "keep", "revert"])
def test_a_decision_about_an_older_version_is_a_conflict(decision: str) -> None:
    made = proposed()
    ada = User.objects.create_user("ada@example.com", name="Ada")
    decisions.reject(made, ada, reason="No.", now=NOW)
    events = made.events.count()
    status, answer = sent(bearing(), made, decision, version=1, reason="Yes.")

    assert (status, answer["code"]) == (409, "decided")
    assert "Rejected by Ada" in answer["detail"]
    assert made.events.count() == events
    assert value_in(course_of(made), NOW) == 10


def test_a_version_read_before_something_else_happened_is_a_conflict() -> None:
    made = decisions.approve(proposed(), None, now=NOW)
    client = bearing()
    status, answer = sent(client, made, "keep", version=1)

    assert (status, answer["code"]) == (409, "decided")
    assert sent(client, made, "keep", version=2)[0] == 200


@pytest.mark.parametrize(
    ("decision", "body", "field"),
    [
        ("reject", {}, "reason"),
        ("reject", {"reason": " "}, "reason"),
        ("reject", {"reason": 7}, "reason"),
        ("revert", {}, "reason"),
        ("approve", {"reason": "x" * 801}, "reason"),
        ("approve", {"version": 0}, "version"),
        ("approve", {"version": "one"}, "version"),
        ("approve", {"applies_from": "soon"}, "applies_from"),
        ("approve", {"applies_from": "9999-12-31T23:59:59Z"}, "applies_from"),
    ],
)
def test_invalid_input_is_explained_and_changes_nothing(
    decision: str, body: dict[str, Any], field: str
) -> None:
    made = proposed()
    status, answer = sent(bearing(), made, decision, **body)

    assert (status, answer["field"]) == (400, field)
    assert Adjustment.objects.get().version == 1


@pytest.mark.parametrize("scope", [READ, WRITE])
def test_deciding_needs_both_scopes(scope: str) -> None:
    assert sent(bearing(scope), proposed(), "approve")[0] == 403


def test_a_manager_decides_only_with_the_permission() -> None:
    made = proposed()
    client = signed_in(course=made.course)

    assert client.get(f"{LIST}/{made.pk}").status_code == 200
    assert sent(client, made, "approve")[0] == 403
    User.objects.get().user_permissions.set(Permission.objects.filter(codename="decide_adjustment"))
    assert sent(client, made, "approve")[1]["decided_by"] == "bo@example.com"


def test_other_courses_are_unknown() -> None:
    made = proposed()
    client = bearing(courses=(Course.objects.create(key="rb", title="Rb"),))

    assert client.get(LIST).json()["count"] == 0
    assert client.get(f"{LIST}?course=py").status_code == 400
    assert client.get(f"{LIST}/{made.pk}").status_code == 404
    assert sent(client, made, "approve")[0] == 404
    assert Adjustment.objects.get().status == "proposed"


def test_an_adjustment_of_the_whole_site_needs_every_course() -> None:
    made = proposed()
    course = course_of(made)
    Adjustment.objects.update(course=None)

    assert bearing(READ, courses=(course,)).get(LIST).json()["count"] == 0


def test_a_session_needs_a_csrf_token() -> None:
    made = proposed()
    ada = User.objects.create_superuser("ada@example.com")
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)

    assert sent(client, made, "approve")[0] == 403


def test_figures_of_a_small_group_are_hidden_everywhere() -> None:
    made = proposed()
    Measurement.objects.update(learners=5, n=5)
    one = bearing(READ).get(f"{LIST}/{made.pk}").json()

    assert one["is_suppressed"]
    assert (one["alert_value"], one["alert_target"]) == (None, None)
    assert one["reason"] == one["history"][0]["why"] == HIDDEN
    assert "60.0" not in str(one)


def test_figures_of_one_period_are_not_hidden_because_an_earlier_one_was_small() -> None:
    course, rule = course_with_rule(is_active=False)
    month("2026-02", 62, course)
    month("2026-03", 60, course)
    Measurement.objects.filter(period_start="2026-02-01").update(learners=5, n=5)
    rule.is_active = True
    rule.save()
    assert answer(APRIL) == 1
    one = bearing(READ).get(f"{LIST}/{Adjustment.objects.get().pk}").json()

    assert (one["alert_value"], one["alert_period_start"]) == (60.0, "2026-03-01")
    assert not one["is_suppressed"]


def test_without_its_alert_the_figures_stay_hidden() -> None:
    made = proposed()
    Alert.objects.all().delete()
    one = bearing(READ).get(f"{LIST}/{made.pk}").json()

    assert one["is_suppressed"]
    assert "60.0" not in str(one)


def measured_effect(*, is_small: bool) -> dict[str, Any]:
    before = WindowFigures(first="2026-02-05", after="2026-04-05", value=0.6, n=40, learners=9)
    after = WindowFigures(first="2026-04-05", after="2026-06-04", value=0.8, n=44, learners=9)
    found = EffectResult(
        kpi=PLANNED, outcome=IMPROVED, before=before, after=after, value=0.15, low=0.05,
        high=0.25, controls=2, controls_change=0.01, is_small=is_small,
    )  # fmt: skip
    return found.as_json()


def test_the_effect_is_in_the_unit_of_the_kpi() -> None:
    made = proposed()
    Adjustment.objects.update(effect=measured_effect(is_small=False), effect_computed_at=NOW)
    effect = bearing(READ).get(f"{LIST}/{made.pk}").json()["effect"]

    assert (effect["outcome"], effect["value"]) == ("improved", 15.0)
    assert (effect["ci_low"], effect["ci_high"]) == (5.0, 25.0)
    assert (effect["n_before"], effect["n_after"], effect["unchanged"]) == (40, 44, 2)
    assert effect["sentence"].startswith("The change improved Planned by 15.0 pts")


def test_the_effect_in_a_small_group_is_hidden() -> None:
    made = proposed()
    worsened = GuardResult(
        kpi=kernel.STARTED, has_worsened=True, change=-0.1234, low=-0.2, high=-0.05, is_small=True
    )
    Adjustment.objects.update(
        effect=measured_effect(is_small=True), guard_result=worsened.as_json()
    )
    one = bearing(READ).get(f"{LIST}/{made.pk}").json()
    seen = bearing(READ, SMALL, name="other-lms").get(f"{LIST}/{made.pk}").json()

    assert one["effect"].pop("is_suppressed")
    assert one["effect"].pop("sentence") == HIDDEN
    assert set(one["effect"].values()) == {None}
    assert one["worsened"] == {"kpi": kernel.STARTED, "sentence": HIDDEN}
    assert (seen["effect"]["outcome"], seen["effect"]["is_suppressed"]) == ("improved", False)
    assert "12.3" in seen["worsened"]["sentence"]


def test_values_are_kept_when_the_course_is_deleted() -> None:
    made = proposed(steps=2)
    row_of(course_of(made)).delete()
    one = bearing(READ, SMALL).get(f"{LIST}/{made.pk}").json()

    assert (one["name"], one["old_value"], one["new_value"]) == (ITEMS, 10.0, 20.0)
