"""How well a module works: its figures, and in words what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from django.utils.translation import gettext, gettext_lazy, ngettext

from core import localized
from core.lazy_text import LazyText
from curriculum.models import Module
from kpis.definitions.units import NO_VALUE, PERCENT
from kpis.query.results import MetricValue
from presentation.figures import Figure, target_text

# a smaller drop-off is none that a course team would act on
NOTABLE_DROP_OFF = 0.1
# fewer enrollments say too little about how far learners get
FEWEST_PLANNED = 20


class Level(StrEnum):
    """The weakest level first."""

    WEAK = "weak"
    WATCH = "watch"
    FINE = "fine"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


LEVEL_NAMES: dict[Level, LazyText] = {
    Level.WEAK: gettext_lazy("Needs attention"),
    Level.WATCH: gettext_lazy("Watch"),
    Level.FINE: gettext_lazy("Fine"),
    Level.HIDDEN: gettext_lazy("Hidden"),
    Level.UNKNOWN: gettext_lazy("No data"),
}
# shapes, so that nobody needs to tell colors apart
SYMBOLS = {
    Level.WEAK: "✕", Level.WATCH: "!", Level.FINE: "✓", Level.HIDDEN: "–", Level.UNKNOWN: "–",
}  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """How far the learners got whose enrollments fell due: shares, None without a learner."""

    planned: int = 0
    reach: float | None = None
    completion: float | None = None
    drop_off: float | None = None
    is_hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class ModuleHealth:
    """The figures of a module; `loses_most` if no other of its course has a larger drop-off."""

    module: Module
    progress: Progress = Progress()
    score: MetricValue | None = None
    depth: MetricValue | None = None
    alerts: int = 0
    changes: int = 0
    loses_most: bool = False
    skills: Sequence[str] = field(default=())

    @cached_property
    def problems(self) -> list[str]:
        """Name in words what is wrong, the most urgent first."""
        found = []
        if self.alerts:
            text = ngettext("%(count)s open alert", "%(count)s open alerts", self.alerts)
            found.append(text % {"count": localized.number(self.alerts)})
        if self.loses_most:
            found.append(gettext("the largest drop-off of the course"))
        values = [one for one in (self.score, self.depth) if one and is_clearly_below(one)]
        return [*found, *map(_misses_target, values)]

    @property
    def level(self) -> Level:
        if self.alerts or len(self.problems) > 1:
            return Level.WEAK
        if self.problems:
            return Level.WATCH
        shown = (self.progress.reach, *(one and one.value for one in (self.score, self.depth)))
        if any(one is not None for one in shown):
            return Level.FINE
        return Level.HIDDEN if self.is_hidden else Level.UNKNOWN

    @property
    def is_hidden(self) -> bool:
        values = [one.status == "suppressed" for one in (self.score, self.depth) if one]
        return self.progress.is_hidden or any(values)

    @property
    def level_name(self) -> str:
        return str(LEVEL_NAMES[self.level])

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.level]

    @property
    def reach(self) -> str:
        return self._share(self.progress.reach)

    @property
    def completion(self) -> str:
        return self._share(self.progress.completion)

    @property
    def drop_off(self) -> str:
        return self._share(self.progress.drop_off)

    def _share(self, share: float | None) -> str:
        return hidden_text() if self.progress.is_hidden else PERCENT.text(share)

    @property
    def score_text(self) -> str:
        return value_text(self.score)

    @property
    def depth_text(self) -> str:
        return value_text(self.depth)

    @property
    def weakness(self) -> tuple[int, float, float, int]:
        """Sort modules by this: what has most problems, then the largest drop-off, comes last."""
        score = 1.0 if self.score is None or self.score.value is None else self.score.value
        drop_off = self.progress.drop_off or 0.0
        return (len(self.problems) + self.alerts, drop_off, -score, -self.module.position)


def hidden_text() -> str:
    return gettext("hidden")


def value_text(value: MetricValue | None) -> str:
    if value is None:
        return NO_VALUE
    return hidden_text() if value.status == "suppressed" else Figure(value).value


def is_clearly_below(value: MetricValue) -> bool:
    """Return whether the whole interval is on the wrong side of the target."""
    target = value.target or value.other_target
    if target is None or value.interval is None or value.is_few:
        return False
    low, high = (value.indicator.unit.shown(end) for end in value.interval)
    if value.indicator.higher_is_better:
        return high is not None and high < float(target.value)
    return low is not None and low > float(target.value)


def _misses_target(value: MetricValue) -> str:
    target = value.target or value.other_target
    unit = value.indicator.unit
    return gettext("%(kpi)s misses its target of %(target)s") % {
        "kpi": value.indicator.name,
        "target": target_text(unit, float(target.value)) if target else "",
    }


def losing_most(progress: Iterable[tuple[int, Progress]]) -> int | None:
    """Return the id of the module with the largest drop-off of its course, if it is notable."""
    notable = [
        (one.drop_off, pk)
        for pk, one in progress
        if one.drop_off is not None
        and one.drop_off >= NOTABLE_DROP_OFF
        and one.planned >= FEWEST_PLANNED
    ]
    return max(notable)[1] if notable else None


def weakest(modules: Iterable[ModuleHealth]) -> ModuleHealth | None:
    """Return the module with most problems; None if there is none with any."""
    troubled = [one for one in modules if one.problems]
    return max(troubled, key=lambda one: one.weakness) if troubled else None
