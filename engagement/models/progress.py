"""Progress in the modules of a plan."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum.models import PlannedModule
from intake.models import ImportRun


@reported("reached_at", "done_at")
class ModuleProgress(models.Model):
    """Progress in one planned module of an enrollment; without a row, it is not reached."""

    planned = models.OneToOneField(PlannedModule, models.CASCADE, related_name="progress")
    reached_at = models.DateTimeField(
        db_index=True, help_text=_("First event in this module or in a later one.")
    )
    done_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When it was completed or waived.")
    )
    is_waived = models.BooleanField("waived", default=False)
    import_run = models.ForeignKey(ImportRun, models.CASCADE, null=True, db_index=False)

    class Meta:
        verbose_name_plural = "module progress"
        constraints = (
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(done_at__gte=F("reached_at")),
                name="done_not_before_reached",
            ),
        )

    def __str__(self) -> str:
        state = gettext("done") if self.done_at else gettext("reached")
        return f"{self.planned_id}: {state}"
