"""Adjustment rules in the admin, and the budget of automatic ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.tests.admin_pages import staff as signed_in
from alerts.models import AlertRule
from alerts.tests.alerting import add_rule
from curriculum import parameters
from curriculum.tests.test_added_parameters import CALLS
from improvement.admin.rule_form import AdjustmentRuleForm
from improvement.experiments import EXPERIMENTS
from improvement.models import Adjustment, AdjustmentRule, AutomaticBudget
from improvement.tests.admin_lists import HOME, RULES, chosen
from improvement.tests.answering import (
    ITEMS,
    adjustment_rule,
    course_with_rule,
    month,
    proposed,
)
from kpis.tests.kernel import PLANNED, STARTED
from kpis.tests.measured import staff
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_april_2026")]


@pytest.fixture
def ada() -> Visitor:
    return Visitor(staff())


def form(alert_rule: AlertRule, **changes: Any) -> dict[str, Any]:
    """What the form of a new rule sends."""
    return {
        "name": "More practice", "alert_rule": alert_rule.pk, "when": "opens", "is_active": "on",
        "parameter_key": ITEMS, "steps": "1", "farthest": "", "cooldown_days": "60",
        "mode": "propose", "watch_days": "60", "preview_of": "",
    } | changes  # fmt: skip


def test_a_rule_is_added_with_its_limit_in_words_and_says_what_it_would_have_done(
    ada: Visitor,
) -> None:
    course, old = course_with_rule(name="Old")
    month("2026-03", 60, course)
    sent = form(old.alert_rule, farthest="15 items", guard_kpis=[STARTED])
    answer = ada.client.post(f"{RULES}add/", sent, follow=True).content.decode()
    made = AdjustmentRule.objects.get(name="More practice")

    assert "This rule would have proposed 1 change in the last 12 months." in answer
    assert (made.farthest, made.guard_kpis) == (Decimal(15), [STARTED])
    assert made.created_by == User.objects.get()


def test_the_page_of_a_rule_shows_its_preview(ada: Visitor) -> None:
    course, rule = course_with_rule(steps=1, farthest=15)
    month("2026-03", 60, course)
    page = ada.reads(f"{RULES}{rule.pk}/change/")

    assert "4 Apr 2026 Py 10 → 15 items Py, March 2026 March 2026: 60.0%" in page
    assert 'value="15 items"' in ada.html


def test_a_preview_saves_nothing(ada: Visitor) -> None:
    course, rule = course_with_rule()
    month("2026-03", 60, course)
    count = AdjustmentRule.objects.count()
    answer = ada.client.post(f"{RULES}preview/", form(rule.alert_rule, name="New", steps="2"))
    changed = form(rule.alert_rule, preview_of=str(rule.pk), steps="-1")
    edited = ada.client.post(f"{RULES}preview/", changed).content.decode()
    rule.refresh_from_db()

    assert "10 → 20 items" in answer.content.decode()
    assert "10 → 5 items" in edited
    assert (AdjustmentRule.objects.count(), rule.steps) == (count, 2)
    assert not Adjustment.objects.exists()


def test_a_preview_of_an_invalid_rule_shows_its_errors(ada: Visitor) -> None:
    sent = form(add_rule(PLANNED), farthest="13")
    answer = ada.client.post(f"{RULES}preview/", sent).content.decode()

    assert "changes in steps of 5: 10 or 15, not 13." in answer


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parameter_key": "completion.window-factor"}, "parameter_key"),
        ({"parameter_key": "no.such"}, "parameter_key"),
        ({"parameter_key": "module.planned-days"}, "alert_rule"),
        ({"farthest": "101"}, "farthest"),
        ({"farthest": "many"}, "farthest"),
        ({"guard_kpis": [PLANNED]}, "guard_kpis"),
        ({"guard_kpis": ["no.such"]}, "guard_kpis"),
        ({"steps": "0"}, "__all__"),
        ({"watch_days": "6"}, "watch_days"),
        ({"cooldown_days": "731"}, "cooldown_days"),
    ],
)
def test_a_rule_that_cannot_work_is_rejected(changes: dict[str, Any], field: str) -> None:
    assert list(AdjustmentRuleForm(form(add_rule(PLANNED), **changes)).errors) == [field]


def test_an_active_rule_needs_an_active_alert_rule() -> None:
    sent = form(add_rule(PLANNED, is_active=False))

    assert list(AdjustmentRuleForm(sent).errors) == ["alert_rule"]
    assert AdjustmentRuleForm(sent | {"is_active": ""}).is_valid()


def test_only_curriculum_parameters_can_be_chosen() -> None:
    choices = dict(AdjustmentRuleForm().fields["parameter_key"].choices)  # type: ignore[attr-defined]

    assert "module.pass-mark" in choices
    assert "completion.window-factor" not in choices


def test_modes_say_what_is_not_available_yet(ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(EXPERIMENTS, "experiments")
    page = ada.reads(f"{RULES}add/")

    assert "(not available: there are no experiments yet)" in page
    assert "Automatic changes are off" in page
    AutomaticBudget.objects.create(pk=1, changes_per_month=3)
    assert "Automatic changes this month: 0 of 3." in ada.reads(f"{RULES}add/")


def test_a_rule_is_switched_on_together_with_its_alert_rule(ada: Visitor) -> None:
    rule = adjustment_rule(add_rule(PLANNED, is_active=False), is_active=False)
    answer = chosen(ada.client, "activate", rule)
    rule = AdjustmentRule.objects.select_related("alert_rule").get(pk=rule.pk)

    assert "1 rule updated." in answer
    assert (rule.is_active, rule.alert_rule.is_active) == (True, True)
    chosen(ada.client, "deactivate", rule)
    rule.refresh_from_db()
    assert (rule.is_active, rule.alert_rule.is_active) == (False, True)


def test_alerts_are_evaluated_and_answered_as_soon_as_a_rule_is_switched_on(
    ada: Visitor, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    rule = adjustment_rule(add_rule(PLANNED, is_active=False), is_active=False)
    with (
        patch("core.task_queue.enqueue_once") as queued,
        django_capture_on_commit_callbacks(execute=True),
    ):
        chosen(ada.client, "activate", rule)

    tasks = [call.args[0] for call in queued.call_args_list]
    assert tasks == ["alerts.tasks.evaluate_changed", "improvement.tasks.answer_alerts"]


def test_a_rule_that_cannot_work_is_not_switched_on_and_neither_is_its_alert_rule(
    ada: Visitor,
) -> None:
    broken = adjustment_rule(add_rule(PLANNED, is_active=False), is_active=False,
                             parameter_key="module.planned-days")  # fmt: skip
    answer = chosen(ada.client, "activate", broken)
    broken.alert_rule.refresh_from_db()

    assert "Planned days has no value for the whole site." in answer
    assert not broken.alert_rule.is_active


def test_switching_on_an_alert_rule_needs_permission_for_it(client: Client) -> None:
    signed_in(client, "view_adjustmentrule", "change_adjustmentrule")
    rule = adjustment_rule(add_rule(PLANNED, is_active=False), is_active=False)
    answer = chosen(client, "activate", rule)
    rule.refresh_from_db()

    assert "you may not change alert rules" in answer
    assert not rule.is_active


def test_a_rule_with_adjustments_cannot_be_deleted(ada: Visitor) -> None:
    made = proposed()
    unused = adjustment_rule(add_rule(PLANNED), name="Unused")

    assert ada.client.get(f"{RULES}{unused.pk}/delete/").status_code == 200
    assert ada.client.get(f"{RULES}{made.rule_id}/delete/").status_code == 403


def test_without_access_to_small_groups_there_is_no_preview(client: Client) -> None:
    signed_in(client, "view_adjustmentrule", "change_adjustmentrule")
    course, rule = course_with_rule()
    month("2026-03", 60, course)

    assert "60.0" not in client.get(f"{RULES}{rule.pk}/change/").content.decode()
    assert client.post(f"{RULES}preview/", form(rule.alert_rule)).status_code == 403


def test_the_list_says_what_each_rule_changes(ada: Visitor) -> None:
    _, rule = course_with_rule(steps=-2, farthest=5)
    parameters.add(CALLS, reason="Coaches are new.")
    alert_rule = rule.alert_rule
    adjustment_rule(alert_rule, name="Coach", parameter_key=CALLS.key, steps=1, farthest=3)
    listed = ada.reads(RULES)

    assert "Practice items: −2 steps 5 items Propose" in listed
    assert "Coaching calls: +1 step 3 per month Propose" in listed


def test_there_is_one_budget(ada: Visitor) -> None:
    page = f"{HOME}automaticbudget/"
    ada.client.post(f"{page}add/", {"changes_per_month": "2"})

    assert AutomaticBudget.objects.get(pk=1).changes_per_month == 2
    assert ada.client.get(f"{page}add/").status_code == 403
    assert ada.client.get(page).headers["Location"].endswith("/1/change/")
    ada.client.post(f"{page}1/change/", {"changes_per_month": "0"})
    assert AutomaticBudget.objects.get().changes_per_month == 0
    assert ada.client.get(f"{page}1/delete/").status_code == 403
