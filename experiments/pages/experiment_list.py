"""The list of experiments, with what is known about each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery

from accounts.reader import Reader
from core import localized
from experiments.disclosure import Disclosure, disclosure_of
from experiments.models import Analysis, Assignment, Experiment
from experiments.sentences import sentence
from experiments.written import day_of
from kpis.definitions.units import NO_VALUE


@dataclass(frozen=True)
class ExperimentCard:
    """One experiment; `last` is its latest analysis."""

    experiment: Experiment
    last: Analysis | None
    number_assigned: int
    disclosure: Disclosure

    @property
    def is_hidden(self) -> bool:
        return self.last is not None and self.disclosure.hides_verdict(self.last)

    @property
    def verdict(self) -> str:
        """What people decided, or what the latest analysis says."""
        if self.experiment.verdict:
            return str(self.experiment.get_verdict_display())
        return str(self.last.get_verdict_display()) if self.last and not self.is_hidden else ""

    @property
    def is_invalid(self) -> bool:
        says = self.experiment.verdict or (self.last.verdict if self.last else "")
        return says == Analysis.Verdict.INVALID and not self.is_hidden

    @property
    def sentence(self) -> str:
        if self.last is None:
            return ""
        return sentence(self.last, is_hidden=self.is_hidden)

    @property
    def assigned(self) -> str:
        return localized.number(self.number_assigned)

    @property
    def exposed(self) -> str:
        """The units that the latest analysis compares."""
        if self.last is None or self.disclosure.hides(self.last):
            return NO_VALUE
        return localized.number(sum(self.last.exposed.values()))

    @property
    def since(self) -> str:
        return day_of(self.experiment.started_at)


def cards(experiments: Iterable[Experiment], reader: Reader) -> list[ExperimentCard]:
    """Return the cards of a page of the list, with four queries for all of them."""
    rows = list(experiments)
    last = _last_analyses(rows)
    counts = dict(
        Assignment.objects.filter(experiment__in=rows)
        .order_by()
        .values_list("experiment")
        .annotate(Count("pk"))
    )
    disclosure = disclosure_of(last.values(), sees_small_groups=reader.sees_small_groups)
    return [
        ExperimentCard(one, last.get(one.pk), counts.get(one.pk, 0), disclosure) for one in rows
    ]


def _last_analyses(rows: list[Experiment]) -> dict[int, Analysis]:
    """Return the latest analysis of each experiment."""
    own = Analysis.objects.filter(experiment=OuterRef("pk")).order_by("-computed_at", "-pk")
    newest = Experiment.objects.filter(pk__in=[one.pk for one in rows]).order_by()
    ids = newest.values(last=Subquery(own.values("pk")[:1]))
    found = Analysis.objects.filter(pk__in=ids).order_by()
    return {
        one.experiment_id: one
        for one in found.select_related("experiment").prefetch_related("experiment__variants")
    }
