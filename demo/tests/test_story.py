"""The demonstration tells how an alert led to a change that helped, and is removed with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from alerts.models import Alert
from curriculum import parameters
from curriculum.models import Course, Module, Parameter
from demo.load import load
from demo.remove import remove
from improvement.effects import EffectResult
from improvement.models import Adjustment, AdjustmentEvent, AdjustmentRule

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
# enough learners to measure an effect
SOME = 0.6

ITEMS = "module.practice-items"

pytestmark = [pytest.mark.once, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.KPI_DATA_DIR = tmp_path


def test_the_demonstration_tells_a_finished_story_and_can_be_removed() -> None:
    ready = list(rules())
    load(NOW, scale=SOME)
    kept, rejected, waiting = (
        Adjustment.objects.select_related("alert", "decided_by").get(status=status)
        for status in ("kept", "rejected", "proposed")
    )

    assert Adjustment.objects.count() == 3
    assert steps(kept) == ["proposed", "approved", "measured", "kept"]
    assert kept.alert is not None
    assert kept.alert.opened_at <= kept.proposed_at < moment(kept.applies_from)
    assert kept.alert.closed_at is not None
    assert [one.by.name for one in kept.events.all() if one.by] == ["Sam Staff", "Sam Staff"]
    assert all(one.reason for one in kept.events.all())
    effect = EffectResult.from_json(kept.effect or {})
    assert effect.outcome == "improved"
    assert 0 < (effect.low or 0) < (effect.value or 0) < (effect.high or 0)
    module = Module.objects.get(key="statistics")
    assert parameters.effective([ITEMS], at=NOW, module=module)[ITEMS] == 15

    assert (rejected.place, waiting.place) == 2 * ("Cloud Operations: Networks and security",)
    assert rejected.decision_reason
    assert Alert.objects.open().filter(pk__in=[rejected.alert_id, waiting.alert_id]).count() == 1

    User.objects.create_superuser("ada@example.com")
    remove(NOW)

    assert not Adjustment.objects.exists()
    assert not AdjustmentEvent.objects.exists()
    assert not Course.objects.exists()
    assert not Parameter.objects.filter(key=ITEMS).exclude(course=None).exists()
    assert list(rules()) == ready

    load(NOW + timedelta(hours=1), scale=SOME)
    assert sorted(Adjustment.objects.values_list("status", flat=True)) == [
        "kept", "proposed", "rejected",
    ]  # fmt: skip


def rules() -> list[tuple[str, bool]]:
    return list(AdjustmentRule.objects.order_by("name").values_list("name", "is_active"))


def steps(adjustment: Adjustment) -> list[str]:
    return [one.kind for one in adjustment.events.order_by("at", "pk")]


def moment(at: datetime | None) -> datetime:
    assert at is not None
    return at
