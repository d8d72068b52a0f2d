"""The page that says what is stored about people, why, how long, and what erasing does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from accounts.models import Session
from core.lazy_text import LazyText
from core.personal_data import PERSONAL_DATA, PersonalData
from kpisite.jobs.retention import days_kept
from learners.own_data.purposes import NAMES, ON_ERASURE, PURPOSES


@dataclass(frozen=True)
class Kept:
    """One kind of rows about people, in words."""

    name: str
    fields: str
    duration: str
    on_erasure: LazyText
    reason: LazyText | None

    @classmethod
    def of(cls, declared: PersonalData) -> Kept:
        meta = declared.model._meta
        fields = (str(meta.get_field(name).verbose_name) for name in declared.fields)  # type: ignore[union-attr]
        return cls(
            name=str(meta.verbose_name_plural),
            fields=", ".join(fields),
            duration=_duration(declared),
            on_erasure=ON_ERASURE[declared.action],
            reason=declared.reason,
        )


@dataclass(frozen=True)
class AppData:
    """What one app holds about people, and why."""

    name: str
    purpose: LazyText
    kinds: list[Kept]


def stored_about_people() -> Iterator[AppData]:
    """Yield what each app declares to hold about people."""
    declared = sorted(PERSONAL_DATA.values(), key=lambda one: one.model._meta.app_label)
    for label, some in groupby(declared, key=lambda one: one.model._meta.app_label):
        name = str(NAMES.get(label) or apps.get_app_config(label).verbose_name)
        yield AppData(name, PURPOSES.get(label, ""), [Kept.of(one) for one in some])


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "kpisite/privacy.html", {"apps": list(stored_about_people())})


def _duration(declared: PersonalData) -> str:
    if declared.model is Session:
        return gettext("until it expires")
    days = days_kept(declared.model)
    if days is None:
        return gettext("until erasure")
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
