"""A year in which a module goes bad and a change helps, does nothing, or does harm."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.api_keys import create_api_key
from alerts.models import Alert, AlertEvent
from improvement import effects
from improvement.effects import EffectResult
from improvement.models import Adjustment
from kpisite.jobs import cycle
from kpisite.tests.school_year import (
    BETTER,
    BORING,
    ITEMS,
    MEASURED_ON,
    NO_BETTER,
    NOISE,
    SCORES,
    VIDEO,
    WEEK,
    WORSE,
    Year,
    measured_effect,
    proposal,
    school_year,
)

pytestmark = pytest.mark.django_db

MORE_ITEMS = 10


def decides(decision: str, **body: Any) -> dict[str, Any]:
    """Let staff decide about the year's adjustment with a key of the API."""
    _, secret = create_api_key(f"staff-{decision}", ["kpis:read", "adjustments:write"])
    made = proposal()
    answer = Client(headers={"Authorization": f"Bearer {secret}"}).post(
        f"/api/curriculum/adjustments/{made.pk}/{decision}",
        {"version": made.version, **body},
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def approved(year: Year) -> None:
    """Live until the alert about April is answered, approved, and heard by the platform."""
    year.closes(3)
    year.closes(4)
    decides("approve", reason="Let us try it.")
    assert [one["new"]["value"] for one in year.delivers()] == [20]
    assert year.platform.items == 20


def contains(effect: EffectResult, truth: float) -> bool:
    assert effect.low is not None
    assert effect.high is not None
    return effect.low <= truth <= effect.high


def history() -> list[str]:
    return list(proposal().events.values_list("kind", flat=True))


def notes() -> list[str]:
    """Return what the alert's history says about proposals."""
    rows = AlertEvent.objects.filter(kind=AlertEvent.Kind.PROPOSED)
    return list(rows.values_list("reason", flat=True))


def test_an_alert_fires_when_the_bad_month_has_closed_and_is_answered_once() -> None:
    with school_year(BETTER) as year:
        year.closes(3)
        assert not Alert.objects.exists()
        year.closes(4)
        cycle.run(year.now)
        year.cycles_on(date(2026, 5, 6))
        made, alert = proposal(), Alert.objects.get()

    assert (alert.rule.kpi, alert.scope, alert.first_period_start) == (
        SCORES, "module", date(2026, 4, 1),
    )  # fmt: skip
    assert (made.alert, made.status, made.parameter_key) == (alert, "proposed", ITEMS)
    assert made.values == "10 → 20 items"
    assert notes() == ["Practice items in Course py: Module 2: 10 → 20 items. Rule: More practice"]


def test_a_change_that_helps_is_measured_as_an_improvement_and_kept() -> None:
    with school_year(BETTER) as year:
        approved(year)
        year.cycles_on(date(2026, 7, 4))
        assert proposal().effect is None
        year.cycles_on(MEASURED_ON)
        effect = measured_effect()
        sentence = effects.sentence(effect)
        shown = decides("keep", reason="It helps.")

    assert effect.outcome == "improved"
    assert effect.low is not None
    assert effect.low > 0
    assert contains(effect, MORE_ITEMS * BETTER.per_item)
    assert sentence.startswith("The change improved Assessment performance by ")
    assert "in 4 modules that were not changed" in sentence
    assert "An alert fires at an extreme value" in sentence
    assert shown["effect"]["outcome"] == "improved"
    assert history() == ["proposed", "approved", "measured", "kept"]
    assert Alert.objects.get().events.last().kind == "recovered"  # type: ignore[union-attr]


def test_nothing_is_claimed_for_a_change_that_does_nothing() -> None:
    with school_year(NO_BETTER) as year:
        approved(year)
        year.cycles_on(MEASURED_ON)

    claims_nothing()


def test_chance_alone_looks_better_afterwards_and_is_not_taken_for_an_effect() -> None:
    with school_year(NOISE) as year:
        approved(year)
        year.cycles_on(MEASURED_ON)
        effect = measured_effect()

    claims_nothing()
    # what comparing before with after would have claimed
    assert effect.observed is not None
    assert effect.observed > 0
    assert effect.fired == 1
    assert effect.value is not None
    assert effect.value < effect.observed


def claims_nothing() -> None:
    effect = measured_effect()
    sentence = effects.sentence(effect)
    assert effect.outcome == "uncertain"
    assert contains(effect, 0)
    assert sentence.startswith("It cannot be said whether the change affected")
    assert "part of the difference would have come by itself" in sentence
    assert proposal().revert_proposed_at is None
    assert history() == ["proposed", "approved", "measured"]


def test_a_harmful_change_is_found_and_reverted() -> None:
    with school_year(WORSE) as year:
        approved(year)
        year.cycles_on(MEASURED_ON)
        effect, proposed_at = measured_effect(), proposal().revert_proposed_at
        told = notes()
        decides("revert", reason="It does harm.")
        heard = year.delivers()

        assert (effect.outcome, proposed_at) == ("worsened", year.now)
        assert effect.high is not None
        assert effect.high < 0
        assert contains(effect, MORE_ITEMS * WORSE.per_item)
        assert len(told) == 2
        assert told[1].startswith("Revert Practice items (10 → 20 items)? The change worsened")
        assert [(one["is_revert"], one["new"]["value"]) for one in heard] == [(True, 10)]
        assert (year.platform.items, year.platform.statuses) == (10, [200, 200])
    assert history() == ["proposed", "approved", "measured", "reverted"]


def test_a_guard_that_worsens_proposes_the_revert_before_the_watching_ends() -> None:
    with school_year(BORING) as year:
        approved(year)
        day = date(2026, 5, 12)
        while proposal().revert_proposed_at is None and day < MEASURED_ON:
            year.cycles_on(day)
            day += WEEK
        made = proposal()

        assert made.guard_result is not None
        assert (made.guard_result["kpi"], made.status, made.effect) == (VIDEO, "watched", None)
        assert made.watch_until is not None
        assert made.revert_proposed_at == year.now < made.watch_until
        assert notes()[1].startswith("Revert Practice items (10 → 20 items)? Video watch has")
        decides("revert", reason="Nobody watches any more.")
        year.delivers()
        assert year.platform.items == 10
    assert history() == ["proposed", "approved", "worsened", "reverted"]
    assert Adjustment.objects.open().count() == 0
