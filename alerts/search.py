"""Search alerts by the words that their rows show."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext

from curriculum.models import CourseRun, Module
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement

COLUMNS = (
    "rule__name", "course__title", "course__key", "note",
    "owner__email", "owner__name",
)  # fmt: skip


def matching(text: str) -> Q:
    """Return the condition for alerts in which each word of the text is found."""
    found = Q()
    for word in text.split():
        found &= _with(word)
    return found


def _with(word: str) -> Q:
    kpis = [key for key, one in REGISTRY.items() if word.casefold() in one.name.casefold()]
    named = Q(title__icontains=word) | Q(key__icontains=word)
    modules = Module.objects.filter(named).values("pk")
    runs = CourseRun.objects.filter(named).values("pk")
    found = Q(rule__kpi__in=kpis)
    if word.casefold() in gettext("Whole site").casefold():
        found |= Q(scope=Measurement.Scope.SITE)
    found |= Q(scope=Measurement.Scope.MODULE, scope_id__in=modules)
    found |= Q(scope=Measurement.Scope.RUN, scope_id__in=runs)
    for column in COLUMNS:
        found |= Q(**{f"{column}__icontains": word})
    return found
