from __future__ import annotations

from typing import Any, ClassVar

from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext


class DistinctFormSet(BaseInlineFormSet):
    """Reject two rows of one parent with the same value of `distinct`.

    Django does not validate unique constraints on expressions in formsets: without this, the
    database would raise an error that ends in an error page.
    """

    distinct: ClassVar[str]

    def clean(self) -> None:
        super().clean()
        seen: set[Any] = set()
        for form in self.forms:
            cleaned = getattr(form, "cleaned_data", {})
            value = cleaned.get(self.distinct)
            if value is None or cleaned.get("DELETE"):
                continue
            if value in seen:
                message = gettext("%(value)s is listed twice.") % {"value": value}
                form.add_error(self.distinct, message)
            seen.add(value)
