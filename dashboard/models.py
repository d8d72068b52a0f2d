"""Links by which other sites show a KPI or a dashboard in a frame."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from curriculum.models import Course, CourseRun
from kpis.models import PeriodKind


class EmbedLinkQuerySet(models.QuerySet["EmbedLink"]):
    def valid(self, now: datetime) -> EmbedLinkQuerySet:
        return self.filter(withdrawn_at=None, expires_at__gt=now)


class EmbedLink(models.Model):
    """A link that shows one KPI or one tab of the dashboard to whoever has it.

    It shows what its maker may see, without figures of small groups, whatever the maker may see.
    """

    name = models.CharField(max_length=100, help_text=_("Where it is used, such as Intranet."))
    kpi = models.CharField(max_length=100, blank=True)
    tab = models.CharField(max_length=20, blank=True)
    course = models.ForeignKey(
        Course,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: all courses that its maker may see."),
    )
    run = models.ForeignKey(
        CourseRun, models.CASCADE, null=True, blank=True, related_name="+",
        help_text=_("Empty: all runs of the course."),
    )  # fmt: skip
    period = models.CharField(max_length=10, choices=PeriodKind.choices, default=PeriodKind.MONTH)
    made_by = models.ForeignKey(User, models.CASCADE, related_name="embed_links")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = EmbedLinkQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        verbose_name = "embedding link"
        constraints = (
            models.CheckConstraint(
                condition=(Q(kpi="") & ~Q(tab="")) | (~Q(kpi="") & Q(tab="")),
                name="a_link_shows_a_kpi_or_a_tab",
            ),
            models.CheckConstraint(
                condition=Q(run=None) | Q(course__isnull=False),
                name="a_link_of_a_run_names_its_course",
            ),
        )

    def __str__(self) -> str:
        return self.name
