"""Links that other sites show in a frame, and reports that readers get by e-mail."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
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


class SavedView(models.Model):
    """A tab of the dashboard with filters, under a name.

    `query` has the filters as in the page's address; what they select may no longer exist, or no
    longer be for its reader to see.
    """

    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    tab = models.CharField(max_length=20)
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint("owner", "name", name="a_person_gives_each_view_its_own_name"),
            models.UniqueConstraint(
                "owner", condition=Q(is_default=True), name="one_default_view_per_person"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ReportSubscription(models.Model):
    """A reader gets a tab of the dashboard or the page of a KPI by e-mail, with a PDF file.

    `query` are the filters of the page, without its dates: each report is of the latest period.
    """

    class Frequency(models.TextChoices):
        WEEKLY = "weekly", _("Every week")
        MONTHLY = "monthly", _("Every month")

    class Ended(models.TextChoices):
        NOT = "", _("Not ended")
        BY_READER = "reader", _("By its reader")
        BY_STAFF = "staff", _("By staff")
        NO_ACCESS = "access", _("Its reader may no longer see it")

    user = models.ForeignKey(User, models.CASCADE, related_name="report_subscriptions")
    kpi = models.CharField(max_length=100, blank=True)
    tab = models.CharField(max_length=20, blank=True)
    query = models.CharField(_("filters"), max_length=500, blank=True)
    frequency = models.CharField(max_length=10, choices=Frequency.choices)
    made_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=10, blank=True, choices=Ended.choices, default=Ended.NOT)

    class Meta:
        ordering = ("-made_at", "-pk")
        verbose_name = "report by e-mail"
        verbose_name_plural = "reports by e-mail"
        constraints = (
            models.CheckConstraint(
                condition=(Q(kpi="") & ~Q(tab="")) | (~Q(kpi="") & Q(tab="")),
                name="a_report_shows_a_kpi_or_a_tab",
            ),
            models.CheckConstraint(
                condition=(Q(ended_at=None) & Q(ended=""))
                | (Q(ended_at__isnull=False) & ~Q(ended="")),
                name="an_ended_report_says_why",
            ),
            models.UniqueConstraint(
                fields=("user", "kpi", "tab", "query", "frequency"),
                condition=Q(ended_at=None),
                name="one_report_of_a_kind_for_a_reader",
            ),
        )

    def __str__(self) -> str:
        return self.kpi or self.tab
