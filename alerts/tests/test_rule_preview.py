from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts import shipped_rules
from alerts.evaluation.rule_preview import preview
from alerts.models import Alert, AlertRule
from alerts.tests.alerting import (
    KPI,
    add_rule,
    add_target,
    closing,
    evaluate_months,
    event_kinds,
    store_value,
)
from kpis.tests import kernel
from kpis.tests.measured import course

pytestmark = pytest.mark.django_db

MAY = closing("2026-05")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def four_months() -> None:
    for month, percent in (("2026-02", 79), ("2026-03", 86), ("2026-04", 79), ("2026-05", 79)):
        store_value(month, percent)


def test_an_unsaved_rule_has_a_preview() -> None:
    add_target()
    four_months()
    found = preview(AlertRule(kpi=KPI, name="New"), MAY)

    assert [one.period for one in found.alerts] == ["February 2026", "April 2026"]
    assert found.sentence == (
        "This rule would have opened 2 alerts in the last 12 months: February 2026, April 2026."
    )


def test_a_preview_writes_nothing() -> None:
    add_target()
    four_months()
    with CaptureQueriesContext(connection) as queries:
        preview(AlertRule(kpi=KPI, name="New"), MAY)

    assert all(one["sql"].startswith("SELECT") for one in queries)


def test_a_previewed_alert_shows_when_it_closed() -> None:
    add_target()
    four_months()
    fired = preview(AlertRule(kpi=KPI, name="New"), MAY).alerts

    assert [one.closed_at and one.closed_at.date().isoformat() for one in fired] == [
        "2026-04-04",
        None,
    ]


def test_a_preview_agrees_with_the_evaluation() -> None:
    add_target()
    rule = add_rule(patience=2)
    months = [79, 86, 79, 79, 78, 86, 79, 79, 86]
    evaluate_months(*((f"2026-0{at}", percent) for at, percent in enumerate(months, start=1)))

    assert event_kinds().count("opened") == len(preview(rule, closing("2026-09")).alerts) == 2


def test_alerts_more_than_a_year_ago_are_left_out() -> None:
    add_target()
    for month, percent in (("2025-04", 79), ("2025-05", 86), ("2025-06", 79)):
        store_value(month, percent)

    assert preview(AlertRule(kpi=KPI, name="New"), MAY).periods == ["June 2025"]


def test_an_alert_open_when_the_twelve_months_began_is_mentioned() -> None:
    add_target()
    for month in ("2025-03", "2025-04", "2025-05"):
        store_value(month, 79)
    store_value("2025-06", 86)
    found = preview(AlertRule(kpi=KPI, name="New"), MAY)

    assert [(one.period, one.is_earlier) for one in found.alerts] == [("March 2025", True)]
    # June closes 72 hours after its end
    assert found.sentence == (
        "This rule would have opened no alerts in the last 12 months. "
        "One alert was already open when the 12 months began, until 4 Jul 2025."
    )


def test_an_alert_without_an_end_is_still_open() -> None:
    add_target()
    store_value("2025-03", 79)

    assert preview(AlertRule(kpi=KPI, name="New"), MAY).sentence.endswith("is still open.")


def test_patience_makes_it_fire_less_often() -> None:
    add_target()
    four_months()

    assert preview(AlertRule(kpi=KPI, name="New", patience=2), MAY).periods == ["May 2026"]


def test_a_preview_counts_each_course() -> None:
    add_target()
    for key in ("py", "sql"):
        store_value("2026-05", 79, of=course(key))
    found = preview(AlertRule(kpi=KPI, name="New", each="course"), MAY)

    assert len(found.alerts) == 2


def test_a_preview_without_alerts_states_so() -> None:
    add_target()

    sentence = preview(AlertRule(kpi=KPI, name="New"), MAY).sentence
    assert sentence == "This rule would have opened no alerts in the last 12 months."


def test_every_kpi_with_a_target_has_its_rule_once() -> None:
    AlertRule.objects.all().delete()
    add_target()
    shipped_rules.create_missing()
    shipped_rules.create_missing()

    rule = AlertRule.objects.get()
    assert (rule.name, rule.kpi, rule.scope) == ("Planned misses its target", KPI, "site")
    assert not Alert.objects.exists()
