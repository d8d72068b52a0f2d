"""The KPIs of the days that an import concerns, for its preview."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from django.utils import timezone

from accounts.reader import Reader
from core import reporting_clock
from intake.files.figures import measures
from kpis.definitions.periods import WINDOW, Period
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.query.query_service import KpiQueryService
from presentation.figures import Figure

# a longer window would take too long while somebody waits
MOST_DAYS = 800


@measures
def kpis_of(reader: Reader, first: date, last: date) -> Mapping[str, str] | None:
    """Return the site's KPIs in these days, computed from facts.

    Only for readers who may see small groups: two figures that differ by a file are one.
    """
    now = timezone.now()
    if not reader.sees_small_groups or not reader.may_see_figures(None, None):
        return None
    first = max(first, last - timedelta(days=MOST_DAYS))
    period = Period(first, last + timedelta(days=1), WINDOW, reporting_clock.reporting_zone())
    service = KpiQueryService(reader, now)
    values = {
        one.name: service.metric_values(one, Scope(), [period])[period]
        for one in REGISTRY.values()
        if one.component_of is None
    }
    return {name: Figure(value).value for name, value in values.items()}
