"""The filters of the list of adjustments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.reader import Reader
from curriculum import parameters
from curriculum.models import Course
from improvement.models import Adjustment
from improvement.models.adjustments import AdjustmentQuerySet
from kpis.definitions.registry import REGISTRY

OPEN = "open"
STATUSES = (OPEN, *Adjustment.Status.values)


class AdjustmentFilterForm(forms.Form):
    """Filters the adjustments that a reader may see."""

    status = forms.CharField(required=False, max_length=20)
    course = forms.CharField(required=False, max_length=100)
    parameter = forms.CharField(required=False, max_length=100)
    kpi = forms.CharField(required=False, max_length=100)

    def __init__(self, data: Mapping[str, Any], *, reader: Reader) -> None:
        super().__init__(data)
        self.reader = reader

    def clean_status(self) -> str:
        status: str = self.cleaned_data["status"]
        if status and status not in STATUSES:
            raise ValidationError(
                gettext("Unknown value “%(value)s”. Allowed: %(choices)s.")
                % {"value": status, "choices": ", ".join(STATUSES)}
            )
        return status

    def clean_course(self) -> Course | None:
        key = self.cleaned_data["course"]
        if not key:
            return None
        found = self.reader.courses().filter(key=key).first()
        if found is None:
            raise ValidationError(gettext("Unknown course “%(key)s”.") % {"key": key})
        return found

    def clean_parameter(self) -> str:
        key: str = self.cleaned_data["parameter"]
        if key and key not in parameters.load_all(retired=True):
            raise ValidationError(gettext("There is no parameter %(key)s.") % {"key": key})
        return key

    def clean_kpi(self) -> str:
        key: str = self.cleaned_data["kpi"]
        if key and key not in REGISTRY:
            raise ValidationError(gettext("There is no KPI %(key)s.") % {"key": key})
        return key

    def rows(self) -> AdjustmentQuerySet:
        """Return the matching adjustments; call `is_valid` first."""
        wanted = self.cleaned_data
        rows = Adjustment.objects.visible_to(self.reader)
        if wanted["status"] == OPEN:
            rows = rows.open()
        elif wanted["status"]:
            rows = rows.filter(status=wanted["status"])
        for name, is_field in (
            ("course", "course"),
            ("parameter", "parameter_key"),
            ("kpi", "kpi"),
        ):
            if wanted[name]:
                rows = rows.filter(**{is_field: wanted[name]})
        return rows
