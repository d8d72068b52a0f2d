"""What one reader is shown of the figures: small groups suppressed, open figures held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings

from accounts.reader import Reader
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.disclosure import held_figures
from kpis.disclosure.cell_suppression import CellSuppression
from kpis.read_sums import FoundSums


class ReaderDisclosure:
    """A reader who may see small groups is shown everything as it is."""

    def __init__(self, reader: Reader, now: datetime) -> None:
        self.reader = reader
        self.now = now
        self._veils: dict[str, CellSuppression] = {}

    def veil(self, indicator: Indicator) -> CellSuppression:
        """What is suppressed of a KPI for a reader who may not see small groups."""
        if indicator.key not in self._veils:
            everything = Scope(None if self.reader.sees_every_course else self.reader.course_ids)
            self._veils[indicator.key] = CellSuppression(indicator, everything, self.now)
        return self._veils[indicator.key]

    def suppressed_periods(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        inside: Sequence[Period] = (),
    ) -> set[Period]:
        """`inside` are the periods of a window, which is suppressed if one of them is."""
        if self.reader.sees_small_groups:
            return set()
        suppressed = self.veil(indicator).periods(scope, inside or periods)
        return set(periods) if inside and suppressed else suppressed

    def suppressed_groups(
        self, indicator: Indicator, scope: Scope, by: str, periods: Sequence[Period]
    ) -> set[int]:
        """The groups that are suppressed in one of the periods."""
        if self.reader.sees_small_groups:
            return set()
        return self.veil(indicator).groups(scope, by, periods)

    @property
    def _holds(self) -> bool:
        return settings.KPI_HOLD_OPEN_FIGURES and not self.reader.sees_small_groups

    def held(
        self, indicator: Indicator, scope: Scope, found: dict[Period, FoundSums]
    ) -> dict[Period, FoundSums]:
        """The sums as the reader is shown them; see `holding`."""
        return (
            held_figures.hold_open_figures(indicator, scope, found, self.now)
            if self._holds
            else found
        )

    def held_groups(
        self,
        indicator: Indicator,
        by: str,
        found: dict[Period, dict[int, FoundSums]],
        scope_around: Callable[[int], Scope],
    ) -> dict[Period, dict[int, FoundSums]]:
        # one learner is a small group, and suppressed
        if not self._holds or by == "learner":
            return found

        def scope_of(key: int) -> Scope:
            around = scope_around(key)
            return replace(
                around,
                run_id=key if by == "run" else around.run_id,
                module_id=key if by == "module" else around.module_id,
            )

        return {
            period: {
                key: self.held(indicator, scope_of(key), {period: one})[period]
                for key, one in groups.items()
            }
            for period, groups in found.items()
        }
