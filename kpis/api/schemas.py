"""The shapes that the API answers in, for the OpenAPI schema."""

from __future__ import annotations

from drf_spectacular.authentication import TokenScheme
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


class ApiKeyScheme(TokenScheme):  # type: ignore[no-untyped-call]
    """Tells drf-spectacular of `Authorization: Bearer KEY`; defining it is enough."""

    target_class = "accounts.api_authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


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


class KeyedValueSchema(ValueSchema):
    key = serializers.CharField(help_text="Of the course, run, module, learner or component.")
    title = serializers.CharField()
    course = serializers.CharField(required=False, help_text="Key of a run's or module's course.")


class ComparisonSchema(serializers.Serializer[None]):
    to = serializers.ChoiceField(choices=("previous", "target"))
    value = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True, help_text="Current minus that.")
    answer = ValueSchema(required=False, help_text="The previous period's answer.")


class KpiResultSchema(serializers.Serializer[None]):
    kpi = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    period = serializers.ChoiceField(choices=("day", "week", "month", "quarter"))
    current = ValueSchema(help_text="The last period that is over.")
    series = ValueSchema(many=True)
    window = ValueSchema(required=False, help_text="All of from–to, where one is given.")
    groups = KeyedValueSchema(many=True, required=False)
    components = KeyedValueSchema(many=True, required=False)
    comparison = ComparisonSchema(required=False)


class KpiSchema(serializers.Serializer[None]):
    kpi = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField()
    unit = serializers.CharField()
    definition = serializers.CharField()
    definition_version = serializers.IntegerField()
    higher_is_better = serializers.BooleanField()
    component_of = serializers.CharField(allow_null=True)
    is_total = serializers.BooleanField(help_text="The value is a sum itself, not a quotient.")
    target = serializers.FloatField(allow_null=True)
    url = serializers.CharField()
    drill_downs = serializers.ListField(child=serializers.CharField())


class ColumnSchema(serializers.Serializer[None]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    unit = serializers.CharField()


class TableSchema(serializers.Serializer[None]):
    kpi = serializers.CharField()
    drill_down = serializers.CharField()
    name = serializers.CharField()
    definition = serializers.CharField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    tz = serializers.CharField()
    columns = ColumnSchema(many=True)
    rows = serializers.ListField(child=serializers.DictField())
