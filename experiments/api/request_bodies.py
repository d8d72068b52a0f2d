"""The request bodies of actions on experiments, assignments and exposures."""

from __future__ import annotations

from rest_framework import serializers

from alerts.api.request_bodies import REASON, TextField
from experiments.models import Experiment

MOST_LEARNERS = 10_000


class StartBody(serializers.Serializer[None]):
    version = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="As read: if the experiment has changed since, nothing is done.",
    )
    underpowered_reason = TextField(
        max_length=800,
        allow_blank=True,
        default="",
        help_text="Why it is to start although it will probably find nothing.",
    )


class StopBody(serializers.Serializer[None]):
    version = serializers.IntegerField(required=False, min_value=1)
    reason = TextField(max_length=800, error_messages=REASON)


class DecideBody(StopBody):
    verdict = serializers.ChoiceField(choices=Experiment.Verdict.values)
    variant = TextField(
        max_length=50,
        required=False,
        help_text="Key of the variant to ship; for no other verdict.",
    )


class DeviationBody(StopBody):
    planned_end = serializers.DateField(required=False)
    weights = serializers.DictField(
        required=False, help_text="A share by the key of each variant; they add up to 1."
    )


class ForceBody(serializers.Serializer[None]):
    """A learner, or a run with its course if runs are assigned."""

    learner = TextField(max_length=200, required=False)
    course = TextField(max_length=100, required=False)
    run = TextField(max_length=100, required=False)
    variant = TextField(max_length=50)
    reason = TextField(max_length=800, error_messages=REASON)


class LearnersBody(serializers.Serializer[None]):
    learners = serializers.ListField(
        child=TextField(max_length=200), allow_empty=False, max_length=MOST_LEARNERS
    )


class ExposureBody(serializers.Serializer[None]):
    """One exposure: of a learner, or of a run with its course if runs are assigned."""

    experiment = TextField(max_length=100)
    learner = TextField(max_length=200, required=False)
    course = TextField(max_length=100, required=False)
    run = TextField(max_length=100, required=False)
    variant = TextField(
        max_length=50, required=False, help_text="What was shown. Default: the unit's own variant."
    )
    at = serializers.DateTimeField(required=False, help_text="Default: now.")
    id = TextField(
        max_length=200,
        required=False,
        help_text="Default: made of the other fields, so that the same exposure counts once.",
    )
