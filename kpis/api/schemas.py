"""The shapes that the API answers in, for the OpenAPI schema."""

from __future__ import annotations

from rest_framework import serializers

STATUSES = (
    "ok",
    "provisional",
    "low_n",
    "suppressed",
    "no_data",
    "not_mature",
    "stale",
    "pending",
    "error",
)


class ValueSchema(serializers.Serializer[None]):
    value = serializers.FloatField(allow_null=True, help_text="Shares in percent, 0–100.")
    numerator = serializers.FloatField(allow_null=True)
    denominator = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True, help_text="Observations behind the value.")
    ci_low = serializers.FloatField(allow_null=True, help_text="95% interval, lower end.")
    ci_high = serializers.FloatField(allow_null=True, help_text="95% interval, upper end.")
    status = serializers.ChoiceField(choices=STATUSES)
    unit = serializers.CharField()
    period_start = serializers.DateTimeField(help_text="First moment of the period.")
    period_end = serializers.DateTimeField(help_text="First moment after the period.")
    tz = serializers.CharField(help_text="IANA zone that the periods are cut in.")
    definition_version = serializers.IntegerField()
    target = serializers.FloatField(allow_null=True, help_text="In force in the period.")
    target_version = serializers.IntegerField(allow_null=True)
    computed_at = serializers.DateTimeField(allow_null=True)
    data_through = serializers.DateTimeField(allow_null=True)
    restated_at = serializers.DateTimeField(allow_null=True)
