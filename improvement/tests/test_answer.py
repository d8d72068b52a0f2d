"""An alert opens or recovers, and rules propose what to change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from alerts import actions
from alerts.evaluation.evaluate import evaluate
from alerts.models import AlertEvent, AlertRule
from alerts.tests.alerting import add_rule, add_target
from core.database.locks import lock_to_write
from curriculum import parameters
from curriculum.models import ParameterChange
from improvement import decisions
from improvement.answer import answer
from improvement.experiments import EXPERIMENTS
from improvement.models import Adjustment, AdjustmentRule, AutomaticBudget
from improvement.tests.answering import (
    APRIL,
    ITEMS,
    MAY,
    adjustment_rule,
    course_with_rule,
    history,
    month,
    on,
    only_alert,
    proposed,
    row_of,
    value_in,
)
from improvement.watching import watch
from kpis.tests.kernel import PLANNED, run_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_kpis")]


def test_an_alert_leads_to_a_proposal_with_its_reason() -> None:
    made = proposed(steps=2)
    step = parameters.definition_of(ITEMS).step

    assert (made.status, made.kpi, made.place) == ("proposed", PLANNED, "Py")
    assert made.new_value == made.old_value + 2 * step
    assert made.change is not None
    assert made.change.status == "proposed"
    assert made.reason == "Planned is 60.0% (target 85.0%). Rule: More practice"
    assert history(made) == ["proposed"]
    assert Decimal(made.events.get().after["new_value"]) == made.new_value


def test_the_proposal_is_in_the_alerts_history_and_notified() -> None:
    proposed()
    event = AlertEvent.objects.get(kind="proposed")

    assert event.notifies
    assert "Rule: More practice" in event.reason


@pytest.mark.parametrize("killed_in", ["propose_change", "note_proposal", "approve_within_budget"])
def test_a_worker_killed_while_it_answers_changes_nothing_in_the_outcome(
    monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    AutomaticBudget.objects.create(pk=1, changes_per_month=1)
    course, _ = course_with_rule(mode="automatic")
    month("2026-03", 60, course)
    with monkeypatch.context() as dying:
        dying.setattr(f"improvement.answer.{killed_in}", killed)
        with pytest.raises(KeyboardInterrupt):
            answer(APRIL)
    assert not Adjustment.objects.exists()

    assert answer(APRIL) == 1
    assert history(Adjustment.objects.get()) == ["proposed", "approved"]
    assert AlertEvent.objects.filter(kind="proposed").count() == 1
    assert ParameterChange.objects.count() == 1


def test_a_rule_answers_an_alert_once() -> None:
    proposed()

    assert answer(APRIL) == 0
    assert answer(MAY) == 0
    assert Adjustment.objects.count() == 1


def test_nothing_is_asked_twice_where_nothing_fired() -> None:
    course, _ = course_with_rule()
    month("2026-03", 95, course)
    with CaptureQueriesContext(connection) as asked:
        assert answer(APRIL) == 0

    assert len(asked) <= 2


def test_an_alert_of_a_module_changes_the_parameter_of_the_module() -> None:
    course = run_of("r1").course
    add_target(kpi=PLANNED)
    adjustment_rule(add_rule(PLANNED, each="module"))
    module = course.modules.get(position=1)
    month("2026-03", 60, module)
    answer(APRIL)

    assert Adjustment.objects.get().place == f"Py: {module.title}"
    assert Adjustment.objects.get().parameter.module == module  # type: ignore[union-attr]


def test_where_modules_have_no_value_of_their_own_the_course_has() -> None:
    course = run_of("r1").course
    add_target(kpi=PLANNED)
    adjustment_rule(add_rule(PLANNED, each="module"), parameter_key="reminder.interval", steps=-1)
    month("2026-03", 60, course.modules.get(position=1))
    answer(APRIL)

    assert Adjustment.objects.get().parameter.course == course  # type: ignore[union-attr]


def test_a_rule_never_goes_farther_than_it_may() -> None:
    first = parameters.definition_of(ITEMS).default
    farthest = first + parameters.definition_of(ITEMS).step
    made = proposed(steps=5, farthest=farthest)

    assert made.new_value == farthest


def test_a_rule_that_is_at_its_end_says_so_once() -> None:
    course, _ = course_with_rule(farthest=parameters.definition_of(ITEMS).default)
    month("2026-03", 60, course)

    assert answer(APRIL) == 0
    assert answer(MAY) == 0
    declined = Adjustment.objects.get()
    assert declined.status == "declined"
    assert "may not go further" in declined.reason
    assert AlertEvent.objects.filter(kind="commented").count() == 1
    assert not ParameterChange.objects.exists()


def test_a_recovered_alert_can_be_answered_too() -> None:
    course, _ = course_with_rule(when="recovers", steps=-1)
    AdjustmentRule.objects.update(active_since=on("2026-01-01"))
    month("2026-03", 60, course)
    assert answer(APRIL) == 0
    month("2026-04", 95, course)

    assert answer(MAY) == 1
    assert "recovered to 95.0%" in Adjustment.objects.get().reason


def test_what_recovered_before_the_rule_was_switched_on_is_not_answered() -> None:
    course, _ = course_with_rule(when="recovers", steps=-1)
    AdjustmentRule.objects.update(active_since=on("2026-06-01"))
    month("2026-03", 60, course)
    month("2026-04", 95, course)

    assert answer(MAY) == 0


def test_exceeding_for_two_periods_is_an_alert_on_the_better_side() -> None:
    course = run_of("r1").course
    add_target(60, kpi=PLANNED)
    rule = AlertRule.objects.create(
        kpi=PLANNED, name="Exceeds", course=course, side="better", patience=2
    )
    adjustment_rule(rule, steps=-1)
    month("2026-03", 90, course)
    assert answer(APRIL) == 0
    month("2026-04", 90, course)

    assert answer(MAY) == 1


def test_a_second_alert_waits_until_the_first_change_is_decided(ada: User) -> None:
    first = proposed()
    adjustment_rule(first.rule.alert_rule, name="Even more", steps=3)  # type: ignore[union-attr]

    assert answer(APRIL) == 0
    decisions.reject(first, ada, reason="Too much", now=APRIL)
    assert answer(APRIL) == 1
    assert Adjustment.objects.filter(status="proposed").get().rule.name == "Even more"  # type: ignore[union-attr]


def test_the_cool_down_holds_after_a_rejection(ada: User) -> None:
    first = proposed(cooldown_days=60)
    decisions.reject(first, ada, reason="Not now", now=APRIL)
    Adjustment.objects.update(alert=None)

    assert answer(on("2026-05-20")) == 0
    assert answer(on("2026-06-10")) == 1


def test_two_rules_do_not_pull_a_value_to_and_fro(ada: User) -> None:
    first = proposed()
    decisions.approve(first, ada, now=APRIL)
    decisions.keep(first, ada, now=on("2026-05-01"))
    adjustment_rule(first.rule.alert_rule, name="Less practice", steps=-2)  # type: ignore[union-attr]

    assert answer(on("2026-05-02")) == 0
    declined = Adjustment.objects.get(status="declined")
    assert "to and fro" in declined.reason


def test_an_alert_that_recovers_withdraws_the_proposal() -> None:
    made = proposed()
    assert made.course is not None
    month("2026-04", 95, made.course)
    made.refresh_from_db()

    assert made.status == "withdrawn"
    assert made.change is not None
    assert made.change.status == "rejected"
    assert history(made) == ["proposed", "withdrawn"]


def test_an_alert_that_recovers_while_it_is_answered_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    course, _ = course_with_rule()
    month("2026-03", 60, course)

    @contextmanager
    def recovers_first(name: str) -> Iterator[None]:
        month("2026-04", 95, course)
        with lock_to_write(name):
            yield

    monkeypatch.setattr("improvement.answer.lock_to_write", recovers_first)

    assert answer(MAY) == 0
    assert not Adjustment.objects.exists()


def test_an_alert_closed_as_expected_withdraws_the_proposal(ada: User) -> None:
    made = proposed()
    actions.close_as_expected(only_alert(), by=ada, reason="Holidays")
    made.refresh_from_db()

    assert made.status == "withdrawn"


def test_a_target_that_is_met_after_an_edit_withdraws_the_proposal() -> None:
    made = proposed()
    add_target(50, start="2026-03-01", kpi=PLANNED)
    evaluate(MAY)
    made.refresh_from_db()

    assert made.status == "withdrawn"


def test_a_deleted_module_withdraws_the_proposal_and_keeps_what_happened() -> None:
    course = run_of("r1").course
    add_target(kpi=PLANNED)
    adjustment_rule(add_rule(PLANNED, each="module"))
    module = course.modules.get(position=1)
    month("2026-03", 60, module)
    answer(APRIL)
    module.delete()
    watch(APRIL)
    made = Adjustment.objects.get()

    assert made.status == "withdrawn"
    assert (made.place, made.parameter_key) == (f"Py: {module.title}", ITEMS)
    assert answer(APRIL) == 0


def test_automatic_changes_need_a_budget() -> None:
    made = proposed(mode="automatic")

    assert made.status == "proposed"


def test_automatic_changes_stop_when_the_budget_is_used_up() -> None:
    AutomaticBudget.objects.create(pk=1, changes_per_month=1)
    made = proposed(mode="automatic")
    other = run_of("r2", course="sql").course
    adjustment_rule(add_rule(PLANNED, course=other), name="Also", mode="automatic")
    month("2026-03", 60, other)
    answer(APRIL)

    assert made.status == "watched"
    assert made.is_automatic
    assert made.course is not None
    assert value_in(made.course, APRIL) == float(made.new_value)
    assert Adjustment.objects.exclude(pk=made.pk).get().status == "proposed"
    assert not AutomaticBudget.objects.filter(changes_per_month__gt=1).exists()


def test_measurement_settings_cannot_be_adjusted() -> None:
    _, rule = course_with_rule()
    rule.parameter_key = "completion.window-factor"

    with pytest.raises(ValidationError, match="measurement setting"):
        rule.full_clean()


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"parameter_key": "no.such"}, "parameter_key", "There is no parameter no.such"),
        ({"farthest": Decimal(9999)}, "farthest", "between"),
        ({"guard_kpis": ["no.kpi"]}, "guard_kpis", "There is no KPI no.kpi"),
        ({"guard_kpis": [PLANNED]}, "guard_kpis", "measured anyway"),
    ],
)
def test_a_wrong_rule_is_refused(changes: dict[str, object], field: str, sentence: str) -> None:
    _, rule = course_with_rule()
    for name, value in changes.items():
        setattr(rule, name, value)
    with pytest.raises(ValidationError) as refused:
        rule.full_clean()

    assert sentence in " ".join(refused.value.message_dict[field])


def test_the_mode_experiment_needs_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    _, rule = course_with_rule()
    rule.mode = AdjustmentRule.Mode.EXPERIMENT
    rule.full_clean()
    monkeypatch.delitem(EXPERIMENTS, "experiments")

    with pytest.raises(ValidationError, match="There are no experiments yet"):
        rule.full_clean()


def test_staff_who_set_another_value_withdraw_the_proposal(ada: User) -> None:
    made = proposed()
    assert made.course is not None
    row = row_of(made.course)
    step = parameters.definition_of(ITEMS).step
    parameters.set_value(row, row.value + step, reason="Mine", by=ada, now=APRIL)
    made.refresh_from_db()

    assert made.status == "withdrawn"
