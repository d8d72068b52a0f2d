"""What adjustments say on the pages of parameters: last effects, and where changes came from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import OuterRef, Subquery

from curriculum.models import ParameterChange
from curriculum_pages.adjustments.cards import AdjustmentCard, cards, visible_to
from curriculum_pages.parameter_rows import is_in
from curriculum_pages.place_filters import Place
from kpis.query.query_service import KpiQueryService


def last_effects(service: KpiQueryService, place: Place) -> Mapping[str, AdjustmentCard]:
    """Return the adjustment whose effect was measured last in a place, by parameter."""
    measured = visible_to(service.reader).filter(
        is_in(place, "parameter__"), effect_computed_at__isnull=False
    )
    of_same = measured.filter(parameter_key=OuterRef("parameter_key"))
    latest = of_same.order_by("-effect_computed_at", "-pk").values("pk")[:1]
    found = cards(measured.filter(pk=Subquery(latest)), service)
    return {one.adjustment.parameter_key: one for one in found}


def of_changes(
    service: KpiQueryService, changes: Collection[ParameterChange]
) -> Mapping[int, AdjustmentCard]:
    """Return the adjustments that the reader may see, by the id of their change."""
    found = visible_to(service.reader).filter(change__in=[one.pk for one in changes])
    return {one.adjustment.change_id or 0: one for one in cards(found, service)}
