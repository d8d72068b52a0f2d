from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from accounts.tests.admin_pages import staff as signed_in
from alerts.admin.rules import AlertRuleForm
from alerts.models import Alert, AlertRule
from alerts.tests.alerting import KPI, add_rule, add_target, closing, evaluate_months, event_kinds
from kpis.tests import kernel
from kpis.tests.kernel import STARTED
from kpis.tests.measured import course, staff
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db

RULES, ALERTS = "/admin/alerts/alertrule/", "/admin/alerts/alert/"
MONTHS = (("2026-02", 79), ("2026-03", 86), ("2026-05", 79))


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


@pytest.fixture(autouse=True)
def _in_june_2026() -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=closing("2026-05") + timedelta(hours=1)):
        yield


@pytest.fixture
def ada() -> Visitor:
    return Visitor(staff())


def form(**changes: Any) -> dict[str, Any]:
    """What the form of a new rule sends."""
    return {
        "name": "Planned is missed", "kpi": KPI, "is_active": "on", "each": "", "course": "",
        "run": "", "module": "", "metric": "target", "side": "worse", "period_kind": "month",
        "patience": "1", "margin": "0", "mode": "interval", "min_n": "", "severity": "warning",
        "cooldown_days": "7", "owner": "", "hours_from": "", "hours_until": "", "preview_of": "",
    } | changes  # fmt: skip


def acted(client: Client, act: str, alert: Alert, **more: str) -> str:
    sent = {"action": act, "_selected_action": str(alert.pk), "confirmed": "yes", **more}
    return client.post(ALERTS, sent, follow=True).content.decode()


def test_the_page_of_a_rule_shows_a_preview(ada: Visitor) -> None:
    add_target()
    evaluate_months(*MONTHS)
    page = ada.reads(f"{RULES}{add_rule().pk}/change/")

    assert "would have opened 2 alerts in the last 12 months: February 2026, May 2026." in page
    assert "February 2026 Whole site 4 Mar 2026 February 2026: 79.0%" in page


def test_saving_a_rule_shows_a_preview(ada: Visitor) -> None:
    add_target()
    evaluate_months(*MONTHS)
    answer = ada.client.post(f"{RULES}add/", form(patience="2"), follow=True).content.decode()

    assert "would have opened no alerts in the last 12 months." in answer
    assert AlertRule.objects.get(name="Planned is missed").patience == 2


def test_a_preview_saves_nothing(ada: Visitor) -> None:
    add_target()
    evaluate_months(*MONTHS)
    rules = AlertRule.objects.count()
    answer = ada.client.post(f"{RULES}preview/", form()).content.decode()

    assert "would have opened 2 alerts" in answer
    assert AlertRule.objects.count() == rules


def test_a_preview_of_an_edited_rule_leaves_it_as_it_is(ada: Visitor) -> None:
    rule = add_rule()
    changed = form(patience="3", preview_of=str(rule.pk))

    assert ada.client.post(f"{RULES}preview/", changed).status_code == 200
    rule.refresh_from_db()
    assert rule.patience == 1


def test_a_preview_of_an_invalid_rule_shows_its_errors(ada: Visitor) -> None:
    answer = ada.client.post(f"{RULES}preview/", form(patience="0")).content.decode()

    assert "greater than or equal to 1" in answer


def test_a_preview_needs_permission_to_edit_rules() -> None:
    bo = Visitor(staff())
    bo.client.logout()

    assert bo.client.post(f"{RULES}preview/", form()).status_code == 302


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"each": "module", "kpi": STARTED}, "kpi"),
        ({"each": "module", "period_kind": "week"}, "period_kind"),
        ({"hours_from": "09:00"}, "hours_until"),
        ({"patience": "0"}, "patience"),
        ({"margin": "-1"}, "margin"),
        ({"cooldown_days": "366"}, "cooldown_days"),
        ({"weekdays": ["8"]}, "weekdays"),
        ({"kpi": "test.nothing"}, "kpi"),
    ],
)
def test_a_rule_that_cannot_fire_is_rejected(changes: dict[str, Any], field: str) -> None:
    assert list(AlertRuleForm(form(**changes)).errors) == [field]


def test_a_rule_has_one_scope() -> None:
    py, sql = course("py", "one"), course("sql", "two")
    module, other = py.modules.get(), sql.modules.get()

    assert AlertRuleForm(form(course=py.pk, module=module.pk)).is_valid()
    assert list(AlertRuleForm(form(course=py.pk, module=other.pk)).errors) == ["module"]
    assert "each" in AlertRuleForm(form(each="course", course=py.pk)).errors


def test_working_hours_are_kept() -> None:
    made = AlertRuleForm(form(hours_from="09:00", hours_until="17:00", weekdays=["1", "5"]))

    assert made.is_valid()
    assert made.save().weekdays == [1, 5]


def test_a_rule_with_alerts_cannot_be_deleted(ada: Visitor) -> None:
    add_target()
    rule = add_rule()
    assert ada.client.get(f"{RULES}{rule.pk}/delete/").status_code == 200

    evaluate_months(("2026-05", 79))
    assert ada.client.get(f"{RULES}{rule.pk}/delete/").status_code == 403


def an_alert() -> Alert:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    return Alert.objects.get()


def test_alerts_are_listed_with_their_figures(ada: Visitor) -> None:
    an_alert()

    assert "Planned Whole site Firing Warning 79.0%, 85.0%" in ada.reads(ALERTS)


def test_the_page_of_an_alert_has_its_history(ada: Visitor) -> None:
    alert = an_alert()
    acted(ada.client, "comment", alert, note="It was so last year too.")

    assert "It was so last year too." in ada.reads(f"{ALERTS}{alert.pk}/change/")


@pytest.mark.parametrize(
    ("act", "more", "kind"),
    [
        ("acknowledge", {"note": "Mine."}, "acknowledged"),
        ("snooze", {"note": "Holidays.", "until": "2026-07-01"}, "snoozed"),
        ("close_as_expected", {"note": "The exam moved."}, "closed"),
    ],
)
def test_staff_act_on_alerts(ada: Visitor, act: str, more: dict[str, str], kind: str) -> None:
    assert "1 alert updated." in acted(ada.client, act, an_alert(), **more)
    assert event_kinds() == ["opened", kind]


def test_an_action_without_its_inputs_is_rejected(ada: Visitor) -> None:
    alert = an_alert()

    assert "Enter a date." in acted(ada.client, "snooze", alert, note="Holidays.")
    assert "Enter a comment." in acted(ada.client, "comment", alert)
    assert event_kinds() == ["opened"]


def test_alerts_are_read_only(ada: Visitor) -> None:
    alert = an_alert()
    ada.client.post(f"{ALERTS}{alert.pk}/change/", {"state": "ok"})

    assert Alert.objects.get().state == "firing"


@pytest.mark.parametrize(("more", "status"), [((), 403), (("view_small_groups",), 200)])
def test_creating_a_rule_needs_access_to_small_groups(
    client: Client, more: tuple[str, ...], status: int
) -> None:
    signed_in(client, "add_alertrule", "change_alertrule", "view_alertrule", *more)
    rule = add_rule()

    assert client.get(f"{RULES}add/").status_code == status
    assert client.post(f"{RULES}preview/", {"preview_of": rule.pk}).status_code == status
    posted = client.post(f"{RULES}{rule.pk}/change/", {"name": "Mine"})
    assert posted.status_code == status


def test_without_access_to_small_groups_alerts_and_rules_show_no_figures() -> None:
    alert = an_alert()
    bo = User.objects.create_user("bo@example.com", name="Bo", is_staff=True)
    bo.user_permissions.add(
        *Permission.objects.filter(codename__in=("view_alert", "view_alertrule"))
    )
    ada = staff()
    pages = ("alert/", f"alert/{alert.pk}/change/", f"alertrule/{alert.rule_id}/change/")

    for page in pages:
        assert "79.0" not in Visitor(bo).reads(f"/admin/alerts/{page}")
        assert "79.0" in Visitor(ada).reads(f"/admin/alerts/{page}")
