from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.forms.models import BaseInlineFormSet


class DistinctFormSet(BaseInlineFormSet):
    """Refuse two rows of one parent that agree in `distinct`.

    Django leaves constraints that are made of expressions to the database, which would answer
    with an error page.
    """

    distinct: ClassVar[str]

    def clean(self) -> None:
        super().clean()
        seen: set[Any] = set()
        for form in self.forms:
            cleaned = getattr(form, "cleaned_data", {})
            if cleaned and not cleaned.get("DELETE"):
                self._see(form, cleaned.get(self.distinct), seen)

    def _see(self, form: forms.ModelForm, value: Any, seen: set[Any]) -> None:
        if value in seen:
            form.add_error(self.distinct, f"{value} is given twice; once is enough.")
        if value is not None:
            seen.add(value)
