"""Which figures of adjustments must be hidden from a reader, as those of alerts are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from alerts.suppressed_alerts import is_suppressed
from improvement import effects
from improvement.effects import EffectResult
from improvement.models import Adjustment, AdjustmentEvent
from kpis.query.query_service import KpiQueryService
from presentation.figures import hidden_note


@dataclass(frozen=True)
class ShownAdjustment:
    """An adjustment as a reader may see it; load its alert and the alert's rule with it."""

    adjustment: Adjustment
    service: KpiQueryService

    @cached_property
    def is_alert_hidden(self) -> bool:
        """True if the reader must not see the figures of the alert."""
        row, reader = self.adjustment, self.service.reader
        if row.alert_value is None or reader.sees_small_groups:
            return False
        # whose group was how large is not known without the alert
        if row.alert is None or row.alert_period_start is None:
            return True
        return is_suppressed(self.service, row.alert, [row.alert_period_start])

    @property
    def reason(self) -> str:
        """Why it was proposed."""
        # a rule repeats the figures of the alert
        is_written_by_rule = self.adjustment.proposed_by_id is None
        has_figures = is_written_by_rule and self.is_alert_hidden
        return hidden_note() if has_figures else self.adjustment.reason

    def reason_of(self, event: AdjustmentEvent) -> str:
        """Why something happened; the proposal of a rule repeats the figures of the alert."""
        is_written_by_rule = event.kind == AdjustmentEvent.Kind.PROPOSED and event.by_id is None
        return hidden_note() if is_written_by_rule and self.is_alert_hidden else event.reason

    @cached_property
    def effect(self) -> EffectResult | None:
        """The measured effect; None if it is not measured yet."""
        stored = self.adjustment.effect
        return EffectResult.from_json(stored) if stored else None

    @property
    def is_effect_hidden(self) -> bool:
        found = self.effect
        return found is not None and found.is_small and not self.service.reader.sees_small_groups

    @property
    def effect_sentence(self) -> str:
        found = self.effect
        if found is None:
            return ""
        sees_small = self.service.reader.sees_small_groups
        return effects.sentence(found, sees_small_groups=sees_small)
