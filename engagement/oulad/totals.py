"""What stands in the database after an import, to hold against the publisher's own counts."""

from __future__ import annotations

from django.db.models import Sum

from curriculum.models import Enrollment
from engagement.models import AssessmentResult, DailyActivity
from engagement.oulad.dataset import PREFIX
from intake.models import ImportRun


def totals(import_run: ImportRun) -> dict[str, int]:
    enrollments = Enrollment.objects.filter(learner__key__startswith=PREFIX)
    clicks = DailyActivity.objects.filter(import_run=import_run).aggregate(n=Sum("interactions"))
    return {
        "enrolments": enrollments.count(),
        "completions": enrollments.exclude(completed_at=None).count(),
        "scored results": AssessmentResult.objects.filter(import_run=import_run).count(),
        "clicks": clicks["n"] or 0,
    }
