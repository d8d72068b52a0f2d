"""The effect of a change, from the rows of a course to the sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from curriculum.models import Parameter
from engagement.parameter_definitions import QUIZ_WEIGHT, VIDEO_WEIGHT
from improvement.effects import EffectResult, guard_worsened, measure, sentence
from improvement.tests.changed_course import (
    CHANGED_AT,
    MEASURED_AT,
    Change,
    alert_about,
    change_of,
    course_of,
)
from kpis.definitions.registry import REGISTRY
from kpis.tests.kernel import BOTH, COUNT, PLANNED, declare_also, declare_both

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_kpis")]


def changed(before: int, after: int, *, many: int = 10, percent: float = 60) -> Change:
    course = course_of("py", before, after, many=many)
    return Change(change_of(course), alert_about(course, percent, n=31 * many))


def test_an_effective_change_has_improved_the_kpi() -> None:
    found = measure(changed(6, 8), MEASURED_AT)

    assert found.outcome == "improved"
    # 8 instead of 6 of 10
    assert found.observed == pytest.approx(0.2)
    assert found.low is not None
    assert found.low > 0.1


def test_an_ineffective_change_cannot_be_said_to_have_done_anything() -> None:
    found = measure(changed(6, 6), MEASURED_AT)

    assert found.outcome == "uncertain"


def test_a_harmful_change_has_worsened_the_kpi() -> None:
    found = measure(changed(6, 4), MEASURED_AT)

    assert found.outcome == "worsened"


def test_few_observations_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    change = changed(6, 8)
    monkeypatch.setitem(REGISTRY, PLANNED, replace(REGISTRY[PLANNED], min_n=401))
    found = measure(change, MEASURED_AT)

    assert sentence(found) == (
        "Too few observations to say anything about an effect: 400 before the change and 600 "
        "after it. At least 401 are needed in both."
    )


def test_the_window_before_begins_with_the_alert() -> None:
    found = measure(changed(6, 8), MEASURED_AT)

    assert found.before is not None
    assert found.after is not None
    assert (found.before.first, found.before.after) == ("2026-03-01", "2026-04-10")
    assert (found.after.first, found.after.after) == ("2026-04-10", "2026-06-09")
    assert found.before.n == 400
    assert found.fired == 1


def test_unchanged_courses_are_set_against_it() -> None:
    for key in ("js", "go", "sql"):
        course_of(key, 5, 6)
    found = measure(changed(6, 8), MEASURED_AT)

    assert found.controls == 3
    assert found.controls_change == pytest.approx(0.1)
    assert found.value == pytest.approx(0.1, abs=0.02)
    assert "3 courses that were not changed" in sentence(found)


def test_a_course_with_a_change_of_its_own_is_no_control() -> None:
    change_of(course_of("js", 5, 6))
    found = measure(changed(6, 8), MEASURED_AT)

    assert found.controls == 0
    assert "nothing unchanged to compare with" in sentence(found)


def test_a_change_without_an_alert_is_not_selected() -> None:
    course = course_of("py", 6, 8)
    found = measure(Change(change_of(course)), MEASURED_AT)

    assert found.fired == 0
    assert found.value == pytest.approx(0.2)


def test_an_alert_that_barely_fired_leaves_a_wide_interval() -> None:
    course = course_of("py", 8, 9)
    barely = alert_about(course, 80.6)
    found = measure(Change(change_of(course), barely), MEASURED_AT)

    assert found.outcome == "uncertain"
    assert "by itself" in sentence(found)


def test_before_the_watching_time_has_ended_there_is_no_effect() -> None:
    found = measure(changed(6, 8), CHANGED_AT + timedelta(days=50))

    assert found.outcome == "too_early"


def test_a_total_is_not_measurable(monkeypatch: pytest.MonkeyPatch) -> None:
    declare_also(monkeypatch, COUNT)
    found = measure(replace(changed(6, 8), kpi=COUNT), MEASURED_AT)

    assert found.outcome == "not_measurable"
    assert "not measurable" in sentence(found)


def test_a_stored_effect_reads_as_it_was_measured() -> None:
    found = measure(changed(6, 8), MEASURED_AT)

    assert EffectResult.from_json(found.as_json()) == found


def test_a_small_group_is_only_shown_with_the_permission() -> None:
    small = replace(measure(changed(6, 8), MEASURED_AT), is_small=True)

    assert sentence(small).startswith("Hidden")
    assert "improved" in sentence(small, sees_small_groups=True)


def test_a_guard_that_worsens_is_found_while_watching() -> None:
    found = guard_worsened(changed(6, 4), PLANNED, CHANGED_AT + timedelta(days=21), looks=8)

    assert found.has_worsened
    assert found.limit == pytest.approx(0.025 / 8)


def test_a_guard_that_stays_is_no_reason_to_revert() -> None:
    found = guard_worsened(changed(6, 6), PLANNED, CHANGED_AT + timedelta(days=21), looks=8)

    assert not found.has_worsened


def test_the_queries_do_not_grow_with_the_courses() -> None:
    change = changed(6, 8)
    course_of("c", 5, 6)
    measure(change, MEASURED_AT)
    with CaptureQueriesContext(connection) as few:
        measure(change, MEASURED_AT)
    for key in ("js", "go", "rs"):
        course_of(key, 5, 6)
    with CaptureQueriesContext(connection) as many:
        measure(change, MEASURED_AT)

    assert len(many) == len(few)


def test_a_clock_change_makes_no_window_longer(settings: Settings) -> None:
    settings.KPI_TIME_ZONE = "Europe/Berlin"
    change = changed(6, 8)
    change.applies_from = datetime(2026, 4, 9, 22, tzinfo=UTC)
    change.watch_until = datetime(2026, 6, 8, 22, tzinfo=UTC)
    found = measure(replace(change, alert=None), MEASURED_AT)

    assert found.before is not None
    # 29 March has 23 hours
    assert (found.before.first, found.before.after) == ("2026-02-09", "2026-04-10")


def test_only_sign_ups_of_the_windows_count_if_it_applies_to_these() -> None:
    change = changed(6, 8)
    change.change.parameter.applies_to = Parameter.AppliesTo.SIGN_UPS
    found = measure(change, MEASURED_AT)

    assert found.before is not None
    assert found.after is not None
    # learners sign up three days before their module is due; both windows have 40 days
    assert (found.before.n, found.after.n) == (370, 370)


def test_a_change_at_noon_leaves_its_day_out() -> None:
    change = changed(6, 8)
    change.applies_from = datetime(2026, 4, 10, 10, tzinfo=UTC)
    found = measure(change, MEASURED_AT)

    assert found.after is not None
    assert found.after.first == "2026-04-11"


def test_a_composite_is_measured_with_the_weights_of_its_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare_both(monkeypatch, (VIDEO_WEIGHT, QUIZ_WEIGHT))
    found = measure(replace(changed(6, 8), kpi=BOTH, alert=None), MEASURED_AT)

    # nobody completed, and 80% instead of 60% planned long modules
    assert found.observed == pytest.approx(0.1)
    assert found.outcome == "improved"


def test_the_sentence_names_what_followed_similar_alerts() -> None:
    found = replace(measure(changed(6, 8), MEASURED_AT), alike=6, alike_change=0.021)

    assert (
        "Where nothing was changed after such an alert (6 cases), it changed by +2.1 pts by itself."
    ) in sentence(found)


def test_where_lower_is_better_less_is_an_improvement(monkeypatch: pytest.MonkeyPatch) -> None:
    change = replace(changed(6, 4), alert=None)
    fewer = replace(REGISTRY[PLANNED], higher_is_better=False)
    monkeypatch.setitem(REGISTRY, PLANNED, fewer)
    found = measure(change, MEASURED_AT)

    assert found.outcome == "improved"


def test_an_uncertain_effect_says_what_would_be_needed() -> None:
    course = course_of("py", 6, 6)
    found = replace(measure(Change(change_of(course)), MEASURED_AT), needed=2_400)

    assert "about 2,400 observations would be needed" in sentence(found)
