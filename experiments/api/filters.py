"""The filters of the list of experiments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext

from accounts.reader import Reader
from curriculum import parameters
from curriculum.models import Course
from experiments.api.loading import visible
from experiments.models import Experiment
from experiments.models.experiments import ExperimentQuerySet


class ExperimentFilterForm(forms.Form):
    """Filters the experiments that a reader may see."""

    state = forms.CharField(required=False, max_length=20)
    course = forms.CharField(required=False, max_length=100)
    parameter = forms.CharField(required=False, max_length=100)

    def __init__(self, data: Mapping[str, Any], *, reader: Reader) -> None:
        super().__init__(data)
        self.reader = reader

    def clean_state(self) -> str:
        state: str = self.cleaned_data["state"]
        if state and state not in Experiment.State.values:
            raise ValidationError(
                gettext("Unknown value “%(value)s”. Allowed: %(choices)s.")
                % {"value": state, "choices": ", ".join(Experiment.State.values)}
            )
        return state

    def clean_course(self) -> Course | None:
        key = self.cleaned_data["course"]
        found = self.reader.courses_in_part().filter(key=key).first() if key else None
        if key and found is None:
            raise ValidationError(gettext("Unknown course “%(key)s”.") % {"key": key})
        return found

    def clean_parameter(self) -> str:
        key: str = self.cleaned_data["parameter"]
        if key and key not in parameters.load_all(retired=True):
            raise ValidationError(gettext("There is no parameter %(key)s.") % {"key": key})
        return key

    def rows(self) -> ExperimentQuerySet:
        """Return the matching experiments; call `is_valid` first."""
        wanted, rows = self.cleaned_data, visible(self.reader)
        if wanted["state"]:
            rows = rows.filter(state=wanted["state"])
        if course := wanted["course"]:
            there = Experiment.objects.filter(Q(courses=course) | Q(runs__course=course))
            rows = rows.filter(pk__in=there.values("pk"))
        if wanted["parameter"]:
            changing = Experiment.objects.filter(
                variants__values__parameter_key=wanted["parameter"]
            )
            rows = rows.filter(pk__in=changing.values("pk"))
        return rows
