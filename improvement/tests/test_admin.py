"""Rules, adjustments and the budget in the admin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
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
from curriculum.models import Course
from curriculum.tests.test_added_parameters import CALLS
from improvement import decisions
from improvement.admin.rule_form import AdjustmentRuleForm
from improvement.experiments import EXPERIMENTS
from improvement.models import Adjustment, AdjustmentEvent, AdjustmentRule, AutomaticBudget
from improvement.tests.answering import (
    APRIL,
    ITEMS,
    adjustment_rule,
    course_with_rule,
    month,
    proposed,
    value_in,
)
from improvement.tests.test_api import measured_effect
from kpis.tests import kernel
from kpis.tests.kernel import PLANNED, STARTED
from kpis.tests.measured import staff
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db

HOME = "/admin/improvement/"
RULES, ADJUSTMENTS = f"{HOME}adjustmentrule/", f"{HOME}adjustment/"
NOW = APRIL + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _in_april_2026(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kernel.declare(monkeypatch)
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


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


def chosen(client: Client, action: str, *rows: Any) -> str:
    """Choose an action for rows of a list, and return the page that follows."""
    page = RULES if isinstance(rows[0], AdjustmentRule) else ADJUSTMENTS
    sent = {"action": action, "_selected_action": [str(one.pk) for one in rows]}
    return client.post(page, sent, follow=True).content.decode()


def confirmed(client: Client, action: str, page: str, **given: str) -> str:
    """Send the form of a confirmation page as it was shown."""
    seen = re.findall(r'name="seen" value="([^"]+)"', page)
    sent = {"seen": seen, **given}
    return client.post(f"{ADJUSTMENTS}decide/{action}/", sent, follow=True).content.decode()


# rules


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


# adjustments


def test_the_page_of_an_adjustment_has_its_history(ada: Visitor) -> None:
    made = proposed(steps=2)
    page = ada.reads(f"{ADJUSTMENTS}{made.pk}/change/")

    assert "10 → 20 items" in page
    assert "60.0%, 85.0%" in page
    assert "Planned is 60.0% (target 85.0%)." in page
    assert "Not measured yet." in page
    assert "decide/approve/?pk=" in ada.html
    assert "decide/keep/?pk=" not in ada.html


def test_staff_approve_and_the_value_applies(ada: Visitor) -> None:
    made = proposed(steps=2)
    page = chosen(ada.client, "approve", made)
    answer = confirmed(ada.client, "approve", page, reason="Yes.")
    made.refresh_from_db()

    assert "Practice items, Py (10 → 20 items) – Waiting for a decision" in page
    assert "Practice items, Py (10 → 20 items): approved" in answer
    assert (made.status, made.decision_reason) == ("watched", "Yes.")
    assert made.decided_by == User.objects.get()
    assert value_in(Course.objects.get(), NOW) == 20


def test_an_approval_can_be_for_later(ada: Visitor) -> None:
    made = proposed(steps=2)
    page = chosen(ada.client, "approve", made)
    later = {"applies_from_0": "2026-05-01", "applies_from_1": "00:00:00"}
    confirmed(ada.client, "approve", page, **later)
    made.refresh_from_db()

    assert (made.status, str(made.applies_from)) == ("approved", "2026-05-01 00:00:00+00:00")


def test_a_rejection_needs_a_reason_and_keeps_what_was_shown(ada: Visitor) -> None:
    made = proposed()
    page = chosen(ada.client, "reject", made)
    again = confirmed(ada.client, "reject", page, reason=" ")

    assert "Enter a reason." in again
    assert f'value="{made.pk}-1"' in again
    assert "rejected" in confirmed(ada.client, "reject", again, reason="No.")
    made.refresh_from_db()
    assert made.status == "rejected"


@pytest.mark.parametrize("action", ["keep", "revert"])
def test_an_applied_change_is_kept_or_reverted(ada: Visitor, action: str) -> None:
    made = decisions.approve(proposed(steps=2), None, now=NOW)
    link = f"{ADJUSTMENTS}decide/{action}/?pk={made.pk}"
    confirmed(ada.client, action, ada.client.get(link).content.decode(), reason="Known.")
    made.refresh_from_db()

    assert made.status == {"keep": "kept", "revert": "reverted"}[action]


def test_what_somebody_else_decided_meanwhile_is_reported_and_stays(ada: Visitor) -> None:
    made = proposed(steps=2)
    page = chosen(ada.client, "approve", made)
    bo = User.objects.create_user("bo@example.com", name="Bo")
    decisions.reject(made, bo, reason="No.", now=NOW)
    answer = confirmed(ada.client, "approve", page)

    assert "This adjustment has changed meanwhile: Rejected by Bo" in answer
    assert value_in(Course.objects.get(), NOW) == 10


def test_of_several_adjustments_the_stale_ones_are_named_and_the_others_decided(
    ada: Visitor,
) -> None:
    stale = proposed(steps=2)
    other = Adjustment.objects.get(pk=stale.pk)
    other.pk, other.rule, other.change, other.parameter = None, None, None, None
    other.status, other.applies_from, other.place = "watched", NOW, "Elsewhere"
    other.save()
    keepable = decisions.approve(stale, None, now=NOW)
    page = chosen(ada.client, "keep", keepable, other)
    answer = confirmed(ada.client, "keep", page)

    assert "Practice items, Py (10 → 20 items): kept" in answer
    assert "The course, run or module no longer exists." in answer


def test_a_malformed_or_unknown_choice_changes_nothing(ada: Visitor) -> None:
    made = proposed()
    path = f"{ADJUSTMENTS}decide/approve/"
    for seen in ("", "x-1", f"{made.pk}", "999-1", "9" * 30 + "-1"):
        assert ada.client.post(path, {"seen": seen}).status_code == 302

    made.refresh_from_db()
    assert made.version == 1
    assert ada.client.get(f"{ADJUSTMENTS}decide/delete/").status_code == 404


def test_deciding_needs_the_permission(client: Client) -> None:
    signed_in(client, "view_adjustment", "view_adjustmentevent")
    made = proposed()

    assert client.post(f"{ADJUSTMENTS}decide/approve/").status_code == 403
    assert "decide/approve" not in client.get(f"{ADJUSTMENTS}{made.pk}/change/").content.decode()
    assert 'name="seen"' not in chosen(client, "approve", made)


def test_without_access_to_small_groups_no_figures_are_shown(client: Client, ada: Visitor) -> None:
    made = proposed()
    Adjustment.objects.update(effect=measured_effect(is_small=True))
    signed_in(client, "view_adjustment", "view_adjustmentevent")
    event = AdjustmentEvent.objects.get()
    pages = (
        "adjustment/", f"adjustment/{made.pk}/change/", "adjustmentevent/",
        f"adjustmentevent/{event.pk}/change/",
    )  # fmt: skip
    for page in pages:
        shown = client.get(HOME + page)
        assert shown.status_code == 200
        assert "60.0" not in shown.content.decode()
        assert "15.0 pts" not in shown.content.decode()

    assert "by 15.0 pts" in ada.reads(f"{ADJUSTMENTS}{made.pk}/change/")


def test_adjustments_and_their_history_are_read_only(ada: Visitor) -> None:
    made = proposed()
    event = AdjustmentEvent.objects.get()
    for page in (f"adjustment/{made.pk}", f"adjustmentevent/{event.pk}"):
        ada.client.post(f"{HOME}{page}/change/", {"status": "kept", "kind": "kept"})
        assert ada.client.get(f"{HOME}{page}/delete/").status_code == 403
    made.refresh_from_db()

    assert made.status == "proposed"
    assert AdjustmentEvent.objects.get().kind == "proposed"
    with pytest.raises(ValueError, match="cannot be changed"):
        event.save()


def test_the_list_needs_no_query_per_row(ada: Visitor, django_assert_max_num_queries: Any) -> None:
    made = proposed()
    for number in range(5):
        copy = Adjustment.objects.get(pk=made.pk)
        copy.pk, copy.change, copy.rule, copy.status = None, None, None, "declined"
        copy.place = f"Copy {number}"
        copy.save()
    with django_assert_max_num_queries(20):
        page = ada.reads(ADJUSTMENTS)

    assert "Copy 4" in page


# the budget


def test_there_is_one_budget(ada: Visitor) -> None:
    page = f"{HOME}automaticbudget/"
    ada.client.post(f"{page}add/", {"changes_per_month": "2"})

    assert AutomaticBudget.objects.get(pk=1).changes_per_month == 2
    assert ada.client.get(f"{page}add/").status_code == 403
    assert ada.client.get(page).headers["Location"].endswith("/1/change/")
    ada.client.post(f"{page}1/change/", {"changes_per_month": "0"})
    assert AutomaticBudget.objects.get().changes_per_month == 0
    assert ada.client.get(f"{page}1/delete/").status_code == 403
