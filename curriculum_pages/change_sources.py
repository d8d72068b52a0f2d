"""Tell the history of a parameter which adjustment and alert a change came from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.urls import reverse
from django.utils.translation import gettext

from curriculum.parameters import CHANGE_SOURCES, ChangeSource
from improvement.models import Adjustment
from kpis.definitions.registry import REGISTRY


def register() -> None:
    CHANGE_SOURCES.register("adjustments", sources_of_adjustments)


def sources_of_adjustments(change_ids: Collection[int]) -> Mapping[int, ChangeSource]:
    """Return the adjustments of these changes, by the id of the change."""
    rows = Adjustment.objects.filter(change__in=change_ids).values_list(
        "change_id", "pk", "kpi", "alert_id"
    )
    return {
        change: ChangeSource(
            label=_label(kpi, has_alert=alert is not None),
            url=reverse("curriculum_pages:adjustment", args=[pk]),
        )
        for change, pk, kpi, alert in rows
    }


def _label(kpi: str, *, has_alert: bool) -> str:
    name = {"kpi": REGISTRY[kpi].name if kpi in REGISTRY else kpi}
    return (gettext("Alert: %(kpi)s") if has_alert else gettext("Proposal for: %(kpi)s")) % name
