"""The request body of a draft, which has the names and units of what the API returns."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from alerts.api.request_bodies import TextField
from experiments.models import Experiment, Metric

MOST_ROWS = 20
MOST_PLACES = 500
# the largest number of a parameter's column
LARGEST = 10**8
# a text that is one
LONGEST = 100
Method, Track, Unit = Experiment.Method, Experiment.Track, Experiment.Unit


class SizeField(serializers.FloatField):
    """A finite number greater than 0, such as an effect or a margin."""

    default_error_messages = {"positive": "Enter a number greater than 0."}

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool | str):
            self.fail("invalid")
        value = super().to_internal_value(data)
        if not 0 < value < math.inf:
            self.fail("positive")
        return value


class ShareField(serializers.DecimalField):
    """A share from 0 to 1 with up to four decimals, which may be 0 but not 1."""

    default_error_messages = {"below_one": "Enter a number less than 1."}

    def __init__(self, **more: Any) -> None:
        super().__init__(max_digits=5, decimal_places=4, min_value=Decimal(0), **more)

    def to_internal_value(self, data: Any) -> Decimal:
        value = super().to_internal_value(data)
        if value >= 1:
            self.fail("below_one")
        return value


class ParameterValueField(serializers.JSONField):
    """A value as the API returns it: a number, true or false, or the label of a choice."""

    default_error_messages = {"type": "Enter a number, a text, true or false."}

    def to_internal_value(self, data: Any) -> Any:
        """Return a number as Decimal, and anything else as it was sent."""
        is_number = isinstance(data, int | float) and not isinstance(data, bool)
        is_text = isinstance(data, str) and len(data) <= LONGEST
        is_short = -LARGEST < data < LARGEST if is_number else is_text or isinstance(data, bool)
        if not is_short:
            self.fail("type")
        return Decimal(str(data)) if is_number else data


class Strict(serializers.Serializer[None]):
    """A body in which a field that does not exist is a mistake rather than ignored."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        problems: dict[str, Any] = {name: ["Unknown field."] for name in sorted(map(str, unknown))}
        try:
            given = super().to_internal_value(data)
        except serializers.ValidationError as error:
            found = error.detail if isinstance(error.detail, dict) else {}
            raise serializers.ValidationError({**found, **problems}) from None
        if problems:
            raise serializers.ValidationError(problems)
        return given


class ValueBody(Strict):
    """The value of a parameter in a variant."""

    parameter = TextField(max_length=100)
    module = TextField(
        max_length=200,
        required=False,
        allow_null=True,
        default=None,
        help_text="As course/module. Default: wherever the parameter applies.",
    )
    value = ParameterValueField(
        help_text="A number (shares from 0 to 1), true or false, the label of a choice, "
        "or a text with the unit, such as 80%."
    )


class VariantBody(Strict):
    """One of the alternatives; one of them is the control, which has no values."""

    key = TextField(max_length=50)
    name = TextField(max_length=200, allow_blank=True, default="")
    weight = serializers.DecimalField(
        max_digits=5, decimal_places=4, help_text="Share of the units, from 0 to 1."
    )
    is_control = serializers.BooleanField(default=False)
    values = serializers.ListField(
        child=ValueBody(), default=list, max_length=MOST_ROWS, help_text="None for the control."
    )


class MetricBody(Strict):
    """A KPI by which the variants are compared."""

    kpi = TextField(max_length=100)
    role = serializers.ChoiceField(choices=Metric.Role.values)
    margin = SizeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of a guardrail, in the KPI's unit, such as 2 for 2 percentage points.",
    )


class LayerBody(Strict):
    """A part of a layer, which exists."""

    name = TextField(max_length=200)
    start = serializers.DecimalField(
        max_digits=5, decimal_places=4, help_text="The part of the layer, from 0 to 1."
    )
    end = serializers.DecimalField(max_digits=5, decimal_places=4)


class NewDraftBody(Strict):
    """The plan of a draft; the checklist says what is missing in it."""

    key = TextField(max_length=100)
    name = TextField(max_length=200)
    hypothesis = TextField(max_length=10_000)
    unit = serializers.ChoiceField(choices=Unit.values, default=Unit.LEARNER)
    method = serializers.ChoiceField(choices=Method.values, default=Method.FIXED)
    courses = serializers.ListField(
        child=TextField(max_length=100),
        default=list,
        max_length=MOST_PLACES,
        help_text="Keys of courses. Without courses and runs: the whole site.",
    )
    runs = serializers.ListField(
        child=TextField(max_length=201),
        default=list,
        max_length=MOST_PLACES,
        help_text="As course/run.",
    )
    only_new = serializers.BooleanField(default=False)
    track = serializers.ChoiceField(choices=Track.values, default=Track.ANY)
    layer = LayerBody(required=False, allow_null=True, default=None)
    holdout = ShareField(default=Decimal(0))
    alpha = ShareField(default=Decimal("0.05"), help_text="Less than 0.5.")
    power = ShareField(default=Decimal("0.8"))
    planned_effect = SizeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="In the primary KPI's unit, such as 5 for 5 percentage points.",
    )
    planned_n = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=10**9,
        help_text="Units per variant.",
    )
    planned_end = serializers.DateField(required=False, allow_null=True, default=None)
    baseline_days = serializers.IntegerField(default=90, min_value=0, max_value=730)
    variants = serializers.ListField(child=VariantBody(), default=list, max_length=MOST_ROWS)
    metrics = serializers.ListField(child=MetricBody(), default=list, max_length=MOST_ROWS)

    def validate_alpha(self, alpha: Decimal) -> Decimal:
        if not 0 < alpha < Decimal("0.5"):
            raise serializers.ValidationError("Enter a number between 0 and 0.5.")
        return alpha

    def validate_power(self, power: Decimal) -> Decimal:
        if not power:
            raise serializers.ValidationError("Enter a number between 0 and 1.")
        return power


class DraftBody(NewDraftBody):
    """The whole plan of a draft that exists; what is left out gets its default."""

    version = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        help_text="As read: if the draft has changed since, nothing is done.",
    )
