"""What rules would have proposed in the last twelve months."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.tests.alerting import add_rule, add_target, closing, store_value
from curriculum import parameters
from curriculum.models import Course, Module
from improvement.answer import answer
from improvement.models import AdjustmentRule
from improvement.rule_preview import Preview, preview
from improvement.tests.answering import APRIL, ITEMS, adjustment_rule, course_with_rule, month
from kpis.tests.kernel import PLANNED, run_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_kpis")]

SEPTEMBER = closing("2026-08")


def months(percents: str, of: Course | Module, *, year: int = 2026) -> None:
    """Store the percentages of the months from January on."""
    for number, percent in enumerate(percents.split(), start=1):
        store_value(f"{year}-{number:02}", float(percent), of=of, kpi=PLANNED)


def values(found: Preview) -> list[tuple[str, float, float]]:
    return [
        (f"{one.at:%Y-%m-%d}", float(one.old_value), float(one.new_value))
        for one in found.proposals
    ]


def unsaved(rule: AdjustmentRule, **how: Any) -> AdjustmentRule:
    for name, value in how.items():
        setattr(rule, name, value)
    return rule


def test_each_alert_leads_to_a_proposal_that_starts_where_the_last_one_ended() -> None:
    course, rule = course_with_rule(steps=1, cooldown_days=0, watch_days=7)
    months("95 60 95 60 95 60 95 95", course)
    found = preview(rule, SEPTEMBER)

    # each month closes three whole days after its end
    assert values(found) == [
        ("2026-03-04", 10.0, 15.0), ("2026-05-04", 15.0, 20.0), ("2026-07-04", 20.0, 25.0),
    ]  # fmt: skip
    assert found.proposals[0].values == "10 → 15 items"
    assert found.proposals[0].place == "Py"
    assert found.sentence == (
        "This rule would have proposed 3 changes in the last 12 months. This assumes that each "
        "change is approved at once and kept after its watching time."
    )


def test_alerts_in_the_watching_time_and_the_cool_down_lead_to_nothing() -> None:
    course, rule = course_with_rule(steps=1, cooldown_days=60, watch_days=60)
    months("95 60 95 60 95 60 95 95", course)
    found = preview(rule, SEPTEMBER)

    assert values(found) == [("2026-03-04", 10.0, 15.0), ("2026-07-04", 15.0, 20.0)]
    assert found.waiting == 1
    assert "1 alert would have led to nothing" in found.sentence


def test_an_alert_that_outlasts_the_cool_down_is_answered_then() -> None:
    course, rule = course_with_rule(steps=1, cooldown_days=30, watch_days=30)
    # the alert of February closes, that of April stays open
    months("95 60 95 60 60 60 60 60", course)
    found = preview(unsaved(rule, cooldown_days=60), SEPTEMBER)

    assert values(found) == [("2026-03-04", 10.0, 15.0), ("2026-06-02", 15.0, 20.0)]


def test_a_rule_stops_at_its_limit() -> None:
    course, rule = course_with_rule(steps=2, cooldown_days=0, watch_days=7, farthest=15)
    months("95 60 95 60 95 60 95 95", course)
    found = preview(rule, SEPTEMBER)

    assert values(found) == [("2026-03-04", 10.0, 15.0)]
    assert found.at_the_end == 2
    assert "For 2 alerts, the value could not go further." in found.sentence


def test_a_rule_about_recoveries_answers_them() -> None:
    course, rule = course_with_rule(steps=-1, when="recovers", cooldown_days=0, watch_days=7)
    months("95 60 95 60 95", course)

    assert values(preview(rule, SEPTEMBER)) == [
        ("2026-04-04", 10.0, 5.0), ("2026-06-04", 5.0, 0.0),
    ]  # fmt: skip


def test_a_value_that_staff_set_meanwhile_is_where_the_next_one_starts() -> None:
    course, rule = course_with_rule(steps=1, cooldown_days=0, watch_days=7)
    months("95 60 95 60 95 95 95 95", course)
    row = parameters.parameter_for(ITEMS, course=course)
    parameters.set_value(row, parameters.definition_of(ITEMS).parse("50"), reason="More",
                         effective_from=None, now=closing("2026-03"))  # fmt: skip

    assert values(preview(rule, SEPTEMBER)) == [
        ("2026-03-04", 10.0, 15.0), ("2026-05-04", 50.0, 55.0),
    ]  # fmt: skip


def test_modules_without_values_of_their_own_share_that_of_the_course() -> None:
    course = run_of("r1").course
    add_target(kpi=PLANNED)
    rule = adjustment_rule(
        add_rule(PLANNED, each="module"), parameter_key="reminder.interval", steps=-1
    )
    for module in course.modules.all():
        months("95 60 60 60", module)
    found = preview(rule, closing("2026-04"))

    assert [(one.place, one.values) for one in found.proposals] == [("Py", "7 → 6 days")]


def test_a_deleted_module_gets_no_proposal() -> None:
    course = run_of("r1").course
    add_target(kpi=PLANNED)
    rule = adjustment_rule(add_rule(PLANNED, each="module"))
    for module in course.modules.all():
        months("95 60 60 60", module)
    expected = course.modules.count() - 1
    course.modules.get(position=1).delete()

    assert len(preview(rule, closing("2026-04")).proposals) == expected


def test_nothing_is_proposed_where_nothing_fired() -> None:
    course, rule = course_with_rule()
    months("95 95 95", course)

    sentence = preview(rule, SEPTEMBER).sentence
    assert sentence == "This rule would have proposed nothing in the last 12 months."


def test_the_preview_says_what_the_rule_then_proposes() -> None:
    course, rule = course_with_rule(steps=2)
    month("2026-03", 60, course)
    (expected,) = preview(rule, APRIL).proposals
    answer(APRIL)
    made = rule.adjustments.get()

    assert (made.old_value, made.new_value, made.values) == (
        expected.old_value, expected.new_value, expected.values,
    )  # fmt: skip


def test_a_preview_only_reads_and_needs_no_query_per_alert() -> None:
    course, rule = course_with_rule(steps=1, cooldown_days=0, watch_days=7)
    months("95 60 95 95 95 95 95 95", course)
    with CaptureQueriesContext(connection) as few:
        preview(rule, SEPTEMBER)
    months("95 60 95 60 95 60 95 95", course)
    with CaptureQueriesContext(connection) as many:
        preview(rule, SEPTEMBER)

    assert len(many) == len(few)
    assert all(one["sql"].startswith("SELECT") for one in many)
