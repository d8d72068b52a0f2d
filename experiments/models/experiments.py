"""An experiment: what is to be shown, on whom, and what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from curriculum.models import Course, CourseRun
from experiments.models.layers import Layer, new_seed
from improvement.models import Adjustment

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.reader import Reader

SHARE = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))]


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def running(self) -> ExperimentQuerySet:
        return self.filter(state=Experiment.State.RUNNING)

    def running_at(self, at: datetime) -> ExperimentQuerySet:
        """Keep those that had started and had not been stopped at a moment."""
        return self.filter(Q(stopped_at=None) | Q(stopped_at__gt=at), started_at__lte=at).exclude(
            state=Experiment.State.DRAFT
        )

    def visible_to(self, reader: Reader) -> ExperimentQuerySet:
        """Filter by the reader's courses and runs: each of the audience must be one of them.

        Experiments of the whole site need access to every course.
        """
        if reader.sees_every_course:
            return self
        own, others = Q(pk__in=reader.course_ids), ~Q(pk__in=reader.course_ids)
        foreign_courses = Course.objects.filter(others)
        own_runs = reader.runs().values("pk")
        foreign_runs = CourseRun.objects.exclude(pk__in=own_runs)
        courses = Experiment.objects.filter(courses__in=Course.objects.filter(own))
        runs = Experiment.objects.filter(runs__in=own_runs)
        return (
            self.filter(Q(pk__in=courses.values("pk")) | Q(pk__in=runs.values("pk")))
            .exclude(pk__in=Experiment.objects.filter(courses__in=foreign_courses).values("pk"))
            .exclude(pk__in=Experiment.objects.filter(runs__in=foreign_runs).values("pk"))
        )


class Experiment(models.Model):
    """A comparison of variants of curriculum parameters, on learners or runs chosen at random.

    The plan (hypothesis, KPIs, variants, audience, sizes and method) is copied and locked when the
    experiment starts.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped, not yet decided")
        DECIDED = "decided", _("Decided")

    class Unit(models.TextChoices):
        LEARNER = "learner", _("Learner")
        RUN = "run", _("Run")

    class Method(models.TextChoices):
        FIXED = "fixed", _("Once, at the planned end")
        SEQUENTIAL = "sequential", _("Always valid: may be looked at every day")

    class Track(models.TextChoices):
        ANY = "any", _("All enrollments")
        CERTIFICATE = "certificate", _("On the certificate track")
        AUDIT = "audit", _("Not on the certificate track")

    class Verdict(models.TextChoices):
        SHIP = "ship", _("Ship")
        STOP = "stop", _("Stop")
        INCONCLUSIVE = "inconclusive", _("Inconclusive")
        INVALID = "invalid", _("Invalid")

    key = models.CharField(
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(
                r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
                _("Enter a key of lower-case letters, digits, hyphens and full stops."),
            )
        ],
        help_text=_("The id that the learning platform uses. For example longer-deadlines."),
    )
    name = models.CharField(max_length=200)
    hypothesis = models.TextField(
        help_text=_("What you expect and why: “Seven more days raise completion, because …”")
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(
        default=1, help_text=_("Counts what happened to it; a form for an older one is refused.")
    )
    unit = models.CharField(
        max_length=7,
        choices=Unit.choices,
        default=Unit.LEARNER,
        help_text=_("What is assigned at random: each learner, or a run with all its learners."),
    )
    seed = models.CharField(
        max_length=40, default=new_seed, help_text=_("Determines the variants.")
    )
    layer = models.ForeignKey(
        Layer, models.PROTECT, null=True, blank=True, related_name="experiments"
    )
    layer_from = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, blank=True, validators=SHARE
    )
    layer_to = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, blank=True, validators=SHARE
    )
    holdout = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal(0),
        validators=SHARE,
        help_text=_("Share of the audience that is in no variant and gets the ordinary values."),
    )
    courses = models.ManyToManyField(
        Course,
        blank=True,
        related_name="experiments",
        help_text=_("Without courses and runs: the whole site."),
    )
    runs = models.ManyToManyField(CourseRun, blank=True, related_name="experiments")
    only_new = models.BooleanField(
        _("only new enrollments"),
        default=False,
        help_text=_("Only learners who enroll after the start."),
    )
    track = models.CharField(max_length=11, choices=Track.choices, default=Track.ANY)
    method = models.CharField(max_length=10, choices=Method.choices, default=Method.FIXED)
    alpha = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.05"),
        help_text=_("Probability of a false positive."),
    )
    power = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.8"),
        help_text=_("Probability of finding the planned effect."),
    )
    planned_effect = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0)],
        help_text=_("The smallest improvement of the primary KPI that you want to find."),
    )
    planned_n = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Units per variant, from the power calculator.")
    )
    planned_end = models.DateField(null=True, blank=True)
    baseline_days = models.PositiveSmallIntegerField(
        default=90,
        validators=[MaxValueValidator(730)],
        help_text=_(
            "Days before the start from which values before the exposure reduce the variance. "
            "0: none."
        ),
    )
    underpowered_reason = models.TextField(
        blank=True, help_text=_("Why it is to start although it will probably find nothing.")
    )
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    shipped_variant = models.ForeignKey(
        "experiments.Variant", models.RESTRICT, null=True, blank=True, related_name="+"
    )
    decision_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    plan = models.JSONField(
        null=True, blank=True, encoder=DjangoJSONEncoder, help_text=_("As it was at the start.")
    )
    plan_digest = models.CharField(max_length=64, blank=True)
    adjustment = models.OneToOneField(
        Adjustment,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="experiment",
        help_text=_("The proposal that it tests, if a rule made it."),
    )

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        permissions = (("run_experiment", gettext_noop("Can start, stop and decide experiments")),)
        indexes = (models.Index(fields=("state", "started_at"), name="experiments_by_state"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(layer=None, layer_from=None, layer_to=None)
                | Q(
                    # spelled out: a check passes when a comparison with NULL is NULL
                    layer__isnull=False,
                    layer_from__isnull=False,
                    layer_to__isnull=False,
                    layer_from__gte=0,
                    layer_from__lt=F("layer_to"),
                    layer_to__lte=1,
                ),
                name="part_of_layer_is_within_it",
                violation_error_message=_(
                    "Enter the part of the layer as two shares from 0 to 1, the smaller one first."
                ),
            ),
            models.CheckConstraint(
                condition=Q(holdout__gte=0, holdout__lt=1),
                name="holdout_is_a_share",
                violation_error_message=_("The holdout must be at least 0 and less than 1."),
            ),
            models.CheckConstraint(
                condition=Q(alpha__gt=0, alpha__lt=Decimal("0.5"), power__gt=0, power__lt=1),
                name="error_rates_are_probabilities",
            ),
            models.CheckConstraint(
                condition=Q(planned_effect=None) | Q(planned_effect__gt=0),
                name="planned_effect_is_positive",
                violation_error_message=_("Enter a planned effect greater than 0."),
            ),
            models.CheckConstraint(
                condition=Q(state="draft", started_at=None)
                | (~Q(state="draft") & Q(started_at__isnull=False, plan__isnull=False)),
                name="started_experiment_has_its_plan",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "running"), stopped_at=None)
                | Q(
                    state__in=("stopped", "decided"),
                    stopped_at__isnull=False,
                    stopped_at__gte=F("started_at"),
                ),
                name="stopped_experiment_has_its_end",
            ),
            models.CheckConstraint(
                condition=Q(state="decided", decided_at__isnull=False)
                & ~Q(verdict="")
                & ~Q(decision_reason="")
                | (~Q(state="decided") & Q(decided_at=None, verdict="")),
                name="decided_experiment_has_a_verdict",
            ),
            models.CheckConstraint(
                condition=Q(verdict="ship", shipped_variant__isnull=False)
                | (~Q(verdict="ship") & Q(shipped_variant=None)),
                name="only_shipping_names_a_variant",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.STOPPED, self.State.DECIDED)
