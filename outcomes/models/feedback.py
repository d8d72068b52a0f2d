from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from outcomes.models.surveys import Response


class ThemeQuerySet(models.QuerySet["Theme"]):
    def in_use(self) -> ThemeQuerySet:
        """Those that comments are counted under."""
        return self.filter(merged_into=None, retired_at=None)


class Theme(models.Model):
    """Something that learners write about; found in their comments, named and ordered by staff."""

    key = models.SlugField(max_length=100, unique=True, editable=False)
    name = models.CharField(max_length=100, help_text="Yours to choose: it stays.")
    terms = models.JSONField(default=dict, editable=False)
    kpi = models.CharField(
        "goes with", max_length=100, help_text="The KPI that it tells something about."
    )
    is_pinned = models.BooleanField(
        "pinned", default=False, help_text="Stays as it is, whatever later comments are about."
    )
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="merged",
        help_text="Its comments count under that theme.",
    )
    retired_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When no comments were about it any more."
    )
    made_at = models.DateTimeField(auto_now_add=True)

    objects = ThemeQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="theme_not_merged_into_itself",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def words(self) -> str:
        """The words that tell it, the strongest first."""
        strongest = sorted(self.terms, key=lambda word: -self.terms[word])
        return ", ".join(strongest[:10])


class CommentAnalysis(models.Model):
    """What we read in a comment: its language, its mood and its theme."""

    class Mood(models.TextChoices):
        POSITIVE = "positive", "Positive"
        NEUTRAL = "neutral", "Neutral"
        NEGATIVE = "negative", "Negative"
        UNSURE = "unsure", "Unsure"
        UNREAD = "unread", "Not read: another language"

    response = models.OneToOneField(Response, models.CASCADE, related_name="analysis")
    # as it was read: should the answer change, it is read again
    text = models.TextField()
    answered_at = models.DateTimeField()
    language = models.CharField(max_length=8, blank=True, help_text="Empty: cannot be told.")
    mood = models.CharField(max_length=8, choices=Mood.choices)
    sentiment = models.FloatField(null=True, blank=True, help_text="−1 to 1; empty: unsure.")
    is_by_rating = models.BooleanField("by the rating", default=False)
    theme = models.ForeignKey(Theme, models.SET_NULL, null=True, blank=True, related_name="remarks")
    fit = models.FloatField(default=0, help_text="How much it is about the theme, 0 to 1.")
    is_sorted = models.BooleanField(default=False, help_text="A theme was looked for.")

    class Meta:
        ordering = ("-answered_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(sentiment=None) | Q(sentiment__gte=-1, sentiment__lte=1),
                name="sentiment_is_minus_1_to_1",
            ),
            models.CheckConstraint(
                condition=~Q(mood="unread") | Q(sentiment=None, theme=None),
                name="what_is_not_read_is_not_scored",
            ),
        )
        indexes = (
            models.Index(fields=("id",), condition=Q(is_sorted=False), name="remarks_to_be_sorted"),
        )

    def __str__(self) -> str:
        return f"{self.text[:60]}…" if len(self.text) > 60 else self.text


class TopicRun(models.Model):
    """When themes were looked for anew, and in how many comments."""

    comments = models.PositiveIntegerField()
    themes = models.PositiveIntegerField()
    searched_at = models.DateTimeField()

    class Meta:
        ordering = ("-searched_at",)
        verbose_name_plural = "theme searches"

    def __str__(self) -> str:
        return f"{self.themes} themes in {self.comments} comments"


class TestimonialQuerySet(models.QuerySet["Testimonial"]):
    def shown(self) -> TestimonialQuerySet:
        """Those whose learners still agree to be quoted, and to just these words."""
        return self.filter(response__may_quote=True, response__comment=F("text"))


class Testimonial(models.Model):
    """A comment that its learner allows us to quote and that staff approved."""

    # pytest would take it for a class of tests
    __test__ = False

    response = models.OneToOneField(Response, models.CASCADE, related_name="testimonial")
    text = models.TextField(help_text="As it was approved.")
    approved_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    approved_at = models.DateTimeField()

    objects = TestimonialQuerySet.as_manager()

    class Meta:
        ordering = ("-approved_at",)

    def __str__(self) -> str:
        return f"“{self.text[:60]}…”" if len(self.text) > 60 else f"“{self.text}”"
