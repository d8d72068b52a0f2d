from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from core import localized
from curriculum.models import Enrollment, Module
from engagement.models import LearningObject
from support.models.chance_models import ChanceModel

if TYPE_CHECKING:
    from accounts.reader import Reader


class StandingQuerySet(models.QuerySet["Standing"]):
    def visible_to(self, reader: Reader) -> StandingQuerySet:
        if reader.sees_every_course:
            return self
        return self.filter(enrollment__run__in=reader.runs())


class Standing(models.Model):
    """How a learner of a running run stands, as of the last ranking. Written by `rank` only."""

    enrollment = models.OneToOneField(Enrollment, models.CASCADE, related_name="standing")
    score = models.FloatField(help_text=_("The chance of not finishing, or the share of points."))
    points = models.PositiveSmallIntegerField()
    week = models.PositiveIntegerField(help_text=_("Weeks since the learner's start."))
    last_active_on = models.DateField(null=True)
    overdue_days = models.PositiveIntegerField()
    overdue_module = models.ForeignKey(Module, models.SET_NULL, null=True, related_name="+")
    failed = models.PositiveIntegerField(help_text=_("Assessments that were not passed."))
    failed_assessment = models.ForeignKey(
        LearningObject, models.SET_NULL, null=True, related_name="+"
    )
    lowest_score = models.FloatField(help_text=_("The best score in that assessment."))
    due = models.PositiveIntegerField(help_text=_("Required modules due so far."))
    done_of_due = models.PositiveIntegerField()
    never_started = models.BooleanField()
    inactive = models.BooleanField()
    behind = models.BooleanField()
    failing = models.BooleanField()
    slow = models.BooleanField()

    objects = StandingQuerySet.as_manager()

    class Meta:
        ordering = ("-score", "enrollment")
        indexes = (models.Index(fields=("-score", "enrollment"), name="standing_by_score"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=1), name="standing_score_is_a_share"
            ),
        )
        permissions = (
            ("view_learners_to_help", gettext_noop("Can see which learners need help, by name")),
        )

    def __str__(self) -> str:
        text = gettext("Enrollment %(enrollment)s in week %(week)s")
        return text % {"enrollment": self.enrollment_id, "week": self.week}


class Ranking(models.Model):
    """When learners were ranked last, and by which model; None: by the rules. It is one row."""

    as_of = models.DateTimeField()
    model = models.ForeignKey(ChanceModel, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="one_ranking"),)

    def __str__(self) -> str:
        return localized.moment(self.as_of)
