"""Mark the days whose figures an import has changed, so that they are measured again."""

from __future__ import annotations

from django.db.models import Max
from django.utils import timezone

from core import reporting_clock
from engagement.facts import affected_days, batch_work
from engagement.models import DailyActivity
from engagement.oulad.dataset import Dataset
from kpis.definitions.periods import midnight
from kpis.recompute import stale_days


def mark_imported_stale(dataset: Dataset) -> None:
    """Mark every day on which something counts in these runs, and note how far the data reach."""
    affected_days.mark_affected(enrollment__run__in=[run.pk for run in dataset.runs.values()])
    latest = (
        DailyActivity.objects.filter(import_run=dataset.import_run)
        .values_list("enrollment__run__course")
        .annotate(Max("day"))
    )
    zone = reporting_clock.reporting_zone()
    through = {course: midnight(day, zone) for course, day in latest}
    stale_days.write_freshness({batch_work.CATEGORY: through}, received_at=timezone.now())
