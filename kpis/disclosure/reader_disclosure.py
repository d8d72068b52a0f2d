"""Apply the rules of disclosure for one reader: suppress small groups, hold open figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings

from accounts.reader import Reader
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.disclosure import held_figures
from kpis.disclosure.cell_suppression import CellSuppression
from kpis.read_sums import FoundSums
from kpis.statistics.intervals import NOTHING, Sums


def made_of(indicator: Indicator, periods: Sequence[Period]) -> list[Sequence[Period]]:
    """Return the periods and, of a window of days, the weeks that it adds up, if it does."""
    zone = periods[0].zone
    weeks = [containing(one.first, "week", zone) for one in periods if not one.first.weekday()]
    is_of_weeks = indicator.grain == "week" and periods[0].kind == "day" and weeks
    return [periods, weeks] if is_of_weeks else [periods]


class ReaderDisclosure:
    """What one reader may see; a reader with the small-groups permission sees everything."""

    def __init__(self, reader: Reader, now: datetime) -> None:
        self.reader = reader
        self.now = now
        self._suppressions: dict[tuple[str, Scope], CellSuppression] = {}

    def suppression_of(self, indicator: Indicator, scope: Scope) -> CellSuppression:
        """Return the suppression of a KPI for a reader without the small-groups permission."""
        everything = Scope(self.reader.checked_together(scope.course_ids))
        key = (indicator.key, everything)
        if key not in self._suppressions:
            self._suppressions[key] = CellSuppression(indicator, everything, self.now)
        return self._suppressions[key]

    def suppressed_periods(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        inside: Sequence[Period] = (),
    ) -> set[Period]:
        """Return the periods in which the scope is suppressed.

        `inside` are the periods within a window, which is suppressed if one of them is.
        """
        if self.reader.sees_small_groups:
            return set()
        suppression = self.suppression_of(indicator, scope)
        if not inside:
            return suppression.periods(scope, periods)
        is_hidden = any(suppression.periods(scope, some) for some in made_of(indicator, inside))
        return set(periods) if is_hidden else set()

    def suppressed_groups(
        self, indicator: Indicator, scope: Scope, by: str, periods: Sequence[Period]
    ) -> set[int]:
        """Return the groups that are suppressed in any of the periods."""
        if self.reader.sees_small_groups:
            return set()
        suppression = self.suppression_of(indicator, scope)
        some = made_of(indicator, periods) if len(periods) > 1 else [periods]
        return set().union(*(suppression.groups(scope, by, one) for one in some))

    @property
    def _holds(self) -> bool:
        return settings.KPI_HOLD_OPEN_FIGURES and not self.reader.sees_small_groups

    def held(
        self, indicator: Indicator, scope: Scope, found: dict[Period, FoundSums]
    ) -> dict[Period, FoundSums]:
        """Return the sums as the reader sees them; see `held_figures`."""
        return (
            held_figures.hold_open_figures(indicator, scope, found, self.now)
            if self._holds
            else found
        )

    def cross_sums(self, period: Period, found: FoundSums) -> Sums:
        """Return the cross sums of a composite; none of a held period: they follow events live."""
        return NOTHING if self._holds and period.is_open(self.now) else found.sums

    def held_groups(
        self,
        indicator: Indicator,
        by: str,
        found: dict[Period, dict[int, FoundSums]],
        scope_around: Callable[[int], Scope],
    ) -> dict[Period, dict[int, FoundSums]]:
        # a single learner is a small group and suppressed anyway
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
