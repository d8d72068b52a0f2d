"""Turn the body of a draft into what `drafts.save` takes, as far as the reader may name it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext

from accounts.reader import Reader
from core.api_errors import FieldProblem, InvalidBody
from curriculum import parameters
from curriculum.models import Course, CourseRun, Module
from experiments import measurable
from experiments.drafts import PlannedMetric, PlannedValue, PlannedVariant
from experiments.models import Layer, Metric

COPIED = (
    "key", "name", "hypothesis", "unit", "method", "only_new", "track", "holdout", "alpha", "power",
    "planned_n", "planned_end", "baseline_days",
)  # fmt: skip
# the fields of a body by those of a draft, where they differ
BODY_FIELDS: Mapping[str, str | None] = {
    "weights": "variants", "values": "variants", "layer_from": "layer.start",
    "layer_to": "layer.end", NON_FIELD_ERRORS: None,
}  # fmt: skip


class Planned:
    """A valid body with its keys looked up: courses, runs, layer, modules, parameters and KPIs.

    Five queries, however long the body is. InvalidBody with everything that does not exist, that
    the reader may not see, or that could not be the value of a parameter.
    """

    def __init__(self, given: Mapping[str, Any], reader: Reader) -> None:
        self.given, self.reader = given, reader
        self.problems: list[FieldProblem] = []
        self.courses = self._courses()
        self.runs = self._runs()
        self.layer = self._layer()
        self.metrics = self._metrics()
        self.variants = self._variants()
        if not (given["courses"] or given["runs"] or reader.sees_every_course):
            self._wrong("courses", gettext("Choose courses or runs of your own."))
        if self.problems:
            raise InvalidBody(self.problems)

    @property
    def fields(self) -> dict[str, Any]:
        """The plain fields of the draft, in the code's units."""
        part = self.given["layer"] or {"start": None, "end": None}
        primary = next((one.kpi for one in self.metrics if one.role == Metric.Role.PRIMARY), "")
        return {
            **{name: self.given[name] for name in COPIED},
            "layer": self.layer,
            "layer_from": part["start"],
            "layer_to": part["end"],
            "planned_effect": measurable.from_unit(primary, self.given["planned_effect"]),
        }

    def _wrong(self, field: str, detail: str) -> None:
        self.problems.append(FieldProblem(field=field, detail=detail))

    def _courses(self) -> list[Course]:
        asked: list[str] = self.given["courses"]
        found = {one.key: one for one in self.reader.courses().filter(key__in=asked)}
        self._unknown("courses", asked, found, gettext("Unknown course “%(key)s”."))
        return list(found.values())

    def _runs(self) -> list[CourseRun]:
        asked: list[str] = self.given["runs"]
        rows = CourseRun.objects.filter(course__in=self.reader.courses(), key__in=_parts(asked))
        every = {f"{one.course.key}/{one.key}": one for one in rows.select_related("course")}
        self._unknown("runs", asked, every, gettext("Unknown run “%(key)s”."))
        return [every[key] for key in dict.fromkeys(asked) if key in every]

    def _unknown(self, field: str, asked: list[str], found: Iterable[str], text: str) -> None:
        for at, key in enumerate(asked):
            if key not in found:
                self._wrong(f"{field}.{at}", text % {"key": key})

    def _layer(self) -> Layer | None:
        asked = self.given["layer"]
        if asked is None:
            return None
        found = Layer.objects.filter(name=asked["name"]).first()
        if found is None:
            self._wrong("layer.name", gettext("Unknown layer “%(key)s”.") % {"key": asked["name"]})
        return found

    def _metrics(self) -> list[PlannedMetric]:
        asked = self.given["metrics"]
        for at, one in enumerate(asked):
            if problem := measurable.problem_of(one["kpi"], self.given["unit"]):
                self._wrong(f"metrics.{at}.kpi", problem)
            if (one["role"] == Metric.Role.GUARDRAIL) != (one["margin"] is not None):
                text = "A guardrail needs a margin greater than 0; other KPIs have none."
                self._wrong(f"metrics.{at}.margin", gettext(text))
        return [
            PlannedMetric(
                kpi=one["kpi"],
                role=one["role"],
                margin=measurable.from_unit(one["kpi"], one["margin"]),
            )
            for one in asked
        ]

    def _variants(self) -> list[PlannedVariant]:
        asked = self.given["variants"]
        named = {one["module"] for variant in asked for one in variant["values"]} - {None}
        modules = self._modules(named) if named else {}
        known = parameters.load_all(retired=True)
        variants = []
        for at, variant in enumerate(asked):
            values = []
            for number, one in enumerate(variant["values"]):
                path = f"variants.{at}.values.{number}"
                if one["module"] and one["module"] not in modules:
                    text = gettext("There is no module %(key)s.")
                    self._wrong(f"{path}.module", text % {"key": one["module"]})
                value = self._value(path, one, known.get(one["parameter"]))
                values.append(
                    PlannedValue(
                        parameter_key=one["parameter"],
                        value=value,
                        module=modules.get(one["module"]),
                    )
                )
            # answers show a variant without a name by its key
            name = "" if variant["name"] == variant["key"] else variant["name"]
            variants.append(PlannedVariant(**{**variant, "name": name, "values": values}))
        return variants

    def _modules(self, named: set[str]) -> dict[str, Module]:
        rows = Module.objects.filter(course__in=self.reader.courses(), key__in=_parts(named))
        return {f"{one.course.key}/{one.key}": one for one in rows.select_related("course")}

    def _value(
        self,
        path: str,
        given: Mapping[str, Any],
        definition: parameters.ParameterDefinition | None,
    ) -> Decimal:
        if definition is None:
            text = gettext("There is no parameter %(key)s.")
            self._wrong(f"{path}.parameter", text % {"key": given["parameter"]})
            return Decimal(0)
        try:
            return _typed(definition, given["value"])
        except ValidationError as error:
            self._wrong(f"{path}.value", " ".join(error.messages))
            return Decimal(0)


def _typed(definition: parameters.ParameterDefinition, sent: bool | Decimal | str) -> Decimal:
    """Return a value; only texts are read in the reader's language."""
    if isinstance(sent, Decimal) and not definition.value_type.labels():
        definition.value_type.check(sent)
        return sent
    return definition.parse(str(sent))


def _parts(named: Iterable[str]) -> list[str]:
    """Return the second halves of course/run or course/module."""
    return [one.partition("/")[2] for one in named]


def invalid_body(errors: Any) -> InvalidBody:
    """Return all errors of a serializer, or of `ValidationError.message_dict`."""
    return InvalidBody([FieldProblem(field=path, detail=text) for path, text in _flat(errors)])


def _flat(errors: Any, path: str = "") -> Iterator[tuple[str | None, str]]:
    """Yield the path of each field and what is wrong with it; None for the whole body."""
    if isinstance(errors, str):
        yield BODY_FIELDS.get(path, path) or None, str(errors)
        return
    pairs = errors.items() if isinstance(errors, dict) else enumerate(errors)
    # sentences about one field have no number
    are_sentences = isinstance(errors, list) and all(isinstance(one, str) for one in errors)
    for name, inner in pairs:
        is_same = are_sentences or name == "non_field_errors"
        yield from _flat(inner, path if is_same else f"{path}.{name}".lstrip("."))
