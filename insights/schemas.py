"""The response of the findings API, for the OpenAPI schema."""

from __future__ import annotations

from rest_framework import serializers

from insights.finding import FindingKind
from kpis.api.schemas import ValueSchema


class FindingScopeSchema(serializers.Serializer[None]):
    by = serializers.ChoiceField(choices=("course", "run", "module"))
    key = serializers.CharField()
    title = serializers.CharField()
    course = serializers.CharField(required=False, help_text="For runs and modules.")


class FindingChangeSchema(serializers.Serializer[None]):
    value = serializers.FloatField(help_text="Since the previous period, in the unit.")
    ci_low = serializers.FloatField(allow_null=True, help_text="95% interval of the change.")
    ci_high = serializers.FloatField(allow_null=True)
    previous = ValueSchema()


class FindingSchema(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in FindingKind])
    is_good = serializers.BooleanField()
    order = serializers.IntegerField(help_text="Rank of the kind; the lowest is most pressing.")
    category = serializers.CharField()
    kpi = serializers.CharField(allow_null=True, help_text="Null for stale data.")
    name = serializers.CharField(allow_null=True)
    scope = FindingScopeSchema(allow_null=True, help_text="Null: everything the reader may see.")
    sentence = serializers.CharField()
    url = serializers.CharField(help_text="The page with the values.")
    answer = ValueSchema(required=False)
    difference = serializers.FloatField(
        required=False, allow_null=True, help_text="Value minus target, in the unit."
    )
    change = FindingChangeSchema(required=False)
    contribution = serializers.FloatField(
        required=False, allow_null=True, help_text="Of a module to the gap of its course."
    )
    share_of_gap = serializers.FloatField(required=False, allow_null=True, help_text="From 0.")
    data_through = serializers.DateTimeField(required=False, help_text="Where stale data end.")


class FindingsSchema(serializers.Serializer[None]):
    count = serializers.IntegerField()
    findings = FindingSchema(many=True)
