"""The library of rules, created once after a migration."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from alerts.models import AlertRule
from alerts.shipped_rules import display_name as alert_rule_name
from curriculum import parameters
from improvement import shipped_rules
from improvement.models import AdjustmentRule, ShippedRule
from improvement.shipped_rules import LIBRARY

pytestmark = pytest.mark.django_db


def test_a_new_site_has_the_library_and_nothing_of_it_is_active() -> None:
    rules = AdjustmentRule.objects.select_related("alert_rule")

    assert {one.name for one in rules} == {one.name for one in LIBRARY}
    assert not any(one.is_active or one.alert_rule.is_active for one in rules)


@pytest.mark.parametrize("name", [one.name for one in LIBRARY])
def test_each_rule_can_be_switched_on_with_its_alert_rule(name: str) -> None:
    rule = AdjustmentRule.objects.get(name=name)
    rule.alert_rule.is_active = rule.is_active = True

    rule.full_clean()


@pytest.mark.parametrize("one", LIBRARY, ids=lambda one: one.key)
def test_the_limit_of_each_rule_is_a_value_in_the_direction_of_its_steps(
    one: shipped_rules.ReadyRule,
) -> None:
    definition = parameters.definition_of(one.parameter)
    farthest = definition.parse(one.farthest)
    start = definition.default
    is_recovery = one.when == AdjustmentRule.When.RECOVERS

    # after a recovery, a rule goes back at most to where others began
    assert farthest == start if is_recovery else (farthest - start) * one.steps > 0


def test_rules_about_the_same_alerts_share_an_alert_rule() -> None:
    reminders = AdjustmentRule.objects.get(name__startswith="Earlier reminders")
    deadlines = AdjustmentRule.objects.get(name__startswith="Later deadlines")

    assert reminders.alert_rule == deadlines.alert_rule


def test_a_deleted_rule_does_not_come_back() -> None:
    AdjustmentRule.objects.all().delete()
    AlertRule.objects.all().delete()
    shipped_rules.create_missing()

    assert not AdjustmentRule.objects.exists()
    assert not AlertRule.objects.exists()


def test_creating_twice_changes_nothing() -> None:
    count = AdjustmentRule.objects.count()
    shipped_rules.create_missing()

    assert AdjustmentRule.objects.count() == count


def test_names_are_stored_in_english_whatever_the_language() -> None:
    AdjustmentRule.objects.all().delete()
    ShippedRule.objects.all().delete()
    AlertRule.objects.exclude(each="").delete()
    with override("de"):
        shipped_rules.create_missing()

    assert {one.name for one in AdjustmentRule.objects.all()} == {one.name for one in LIBRARY}
    assert AlertRule.objects.filter(name="Completion rate of a course misses its target").exists()


def test_a_name_that_staff_chose_is_shown_as_it_is() -> None:
    rule = AdjustmentRule(name="Ours")

    assert shipped_rules.display_name(rule) == "Ours"
    assert alert_rule_name("Ours", "engagement.depth") == "Ours"
