"""The card of the model: what it learned from, and how good it was on later learners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext

from accounts.reader import Reader
from core import localized
from curriculum.models import Course
from kpis.definitions.units import NO_VALUE
from support.models import ChanceModel


@dataclass(frozen=True)
class QualityRow:
    """How good the model was on one group; figures of a small group are not shown."""

    name: str
    quality: Mapping[str, Any]
    shows_number: bool = True

    @property
    def is_shown(self) -> bool:
        """False also where all but a few finished, or did not: it would show who."""
        unfinished = self.quality["unfinished"]
        finished = self.quality["learners"] - unfinished
        return bool(
            self.quality["learners"] >= settings.KPI_MIN_GROUP and min(unfinished, finished) > 0
        )

    @property
    def learners(self) -> str:
        is_shown = self.is_shown and self.shows_number
        return localized.number(self.quality["learners"]) if is_shown else NO_VALUE

    @property
    def auc(self) -> str:
        return self._number("auc")

    @property
    def rules_auc(self) -> str:
        return self._number("rules_auc")

    @property
    def calibration_error(self) -> str:
        return self._number("calibration_error")

    def _number(self, name: str) -> str:
        value = self.quality[name]
        return localized.number(value, 3) if self.is_shown and value is not None else NO_VALUE


def _titles(model: ChanceModel, courses: QuerySet[Course]) -> dict[int, str]:
    tested = courses.filter(pk__in=[int(one) for one in model.quality["course"]])
    return {one.pk: one.title for one in tested}


@dataclass(frozen=True)
class ModelCard:
    model: ChanceModel
    courses: Mapping[int, str]
    sees_every_course: bool

    @classmethod
    def latest(cls, reader: Reader) -> ModelCard | None:
        """Return the card of the latest model; None if there is none."""
        model = ChanceModel.objects.latest_made()
        if model is None:
            return None
        return cls(model, _titles(model, reader.courses()), reader.sees_every_course)

    @classmethod
    def for_staff(cls, model: ChanceModel, *, with_courses: bool = False) -> ModelCard:
        """Return the card of any model, for readers of every course."""
        return cls(model, _titles(model, Course.objects.all()) if with_courses else {}, True)

    @property
    def all(self) -> QualityRow:
        return self._of_site(gettext("All weeks"), self.model.quality["all"]["0"])

    @property
    def weeks(self) -> list[QualityRow]:
        found = self.model.quality["week"].items()
        return [
            self._of_site(gettext("Week %(week)s") % {"week": localized.number(int(week))}, quality)
            for week, quality in sorted(found, key=lambda one: int(one[0]))
        ]

    def _of_site(self, name: str, quality: Mapping[str, Any]) -> QualityRow:
        """Return a row without the number of learners for readers of some courses only."""
        return QualityRow(name, quality, self.sees_every_course)

    @property
    def by_course(self) -> list[QualityRow]:
        """The courses that the reader may see, each with the weeks of its learners."""
        found = self.model.quality["course"].items()
        mine = [(int(pk), quality) for pk, quality in found if int(pk) in self.courses]
        rows = [QualityRow(self.courses[pk], quality) for pk, quality in mine]
        return sorted(rows, key=lambda one: one.name)
