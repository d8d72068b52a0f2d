from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from outcomes.models.surveys import Response


class ThemeQuerySet(models.QuerySet["Theme"]):
    def in_use(self) -> ThemeQuerySet:
        """Keep the themes that comments are counted under."""
        return self.filter(merged_into=None, retired_at=None)


class Theme(models.Model):
    """A subject of learners' comments, found automatically; staff can rename and merge it."""

    key = models.SlugField(max_length=100, unique=True, editable=False)
    name = models.CharField(max_length=100, help_text=_("You can change the name."))
    terms = models.JSONField(default=dict, editable=False)
    kpi = models.CharField(
        "goes with", max_length=100, help_text=_("The KPI that the theme relates to.")
    )
    is_pinned = models.BooleanField(
        "pinned", default=False, help_text=_("A pinned theme keeps its words and stays in use.")
    )
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="merged",
        help_text=_("The theme that its comments count under instead."),
    )
    retired_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When no more comments were about it.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

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
        """Its most typical words, the strongest first."""
        strongest = sorted(self.terms, key=lambda word: -self.terms[word])
        return ", ".join(strongest[:10])


class CommentAnalysis(models.Model):
    """The language, sentiment and theme found in a comment."""

    class Mood(models.TextChoices):
        POSITIVE = "positive", _("Positive")
        NEUTRAL = "neutral", _("Neutral")
        NEGATIVE = "negative", _("Negative")
        UNCLEAR = "unclear", _("Unclear")
        SKIPPED = "skipped", _("Not analyzed: another language")

    response = models.OneToOneField(Response, models.CASCADE, related_name="analysis")
    # as it was analyzed: if the answer changes, it is analyzed again
    text = models.TextField()
    answered_at = models.DateTimeField()
    language = models.CharField(max_length=8, blank=True, help_text=_("Empty: not recognized."))
    mood = models.CharField(max_length=8, choices=Mood.choices)
    sentiment = models.FloatField(
        null=True, blank=True, help_text=_("From −1 to 1. Empty: unclear.")
    )
    is_from_rating = models.BooleanField("from the rating", default=False)
    theme = models.ForeignKey(
        Theme, models.SET_NULL, null=True, blank=True, related_name="analyses"
    )
    fit = models.FloatField(default=0, help_text=_("How well it matches the theme, from 0 to 1."))
    is_classified = models.BooleanField(default=False, help_text=_("Its theme was determined."))

    class Meta:
        ordering = ("-answered_at",)
        verbose_name_plural = "comment analyses"
        constraints = (
            models.CheckConstraint(
                condition=Q(sentiment=None) | Q(sentiment__gte=-1, sentiment__lte=1),
                name="sentiment_is_minus_1_to_1",
            ),
            models.CheckConstraint(
                condition=~Q(mood="skipped") | Q(sentiment=None, theme=None),
                name="skipped_comments_have_no_result",
            ),
        )
        indexes = (
            models.Index(
                fields=("id",), condition=Q(is_classified=False), name="comments_to_classify"
            ),
        )

    def __str__(self) -> str:
        return f"{self.text[:60]}…" if len(self.text) > 60 else self.text


class TopicRun(models.Model):
    """A search for themes in all comments, and what it found."""

    comments = models.PositiveIntegerField()
    themes = models.PositiveIntegerField()
    searched_at = models.DateTimeField()

    class Meta:
        ordering = ("-searched_at",)
        verbose_name = "theme search"
        verbose_name_plural = "theme searches"

    def __str__(self) -> str:
        return gettext("%(themes)s themes in %(comments)s comments") % {
            "themes": self.themes,
            "comments": self.comments,
        }


class QuoteConsent(models.Model):
    """That a learner agreed to be quoted: with which answer, and to which words.

    The response says who. A consent that was withdrawn stays so, also when events are replayed.
    """

    response = models.ForeignKey(
        Response, models.CASCADE, db_index=False, related_name="quote_consents"
    )
    given_at = models.DateTimeField()
    text = models.CharField(
        max_length=500,
        blank=True,
        help_text=_("What the learner agreed to. Empty: the sender did not report the words."),
    )
    sender = models.CharField(max_length=100, help_text=_("Where the learner agreed."))
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-given_at", "-pk")
        constraints = (
            models.UniqueConstraint("response", "given_at", name="one_consent_per_answer"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("given_at")),
                name="consent_given_before_it_is_withdrawn",
            ),
        )

    def __str__(self) -> str:
        return f"{self.given_at:%Y-%m-%d %H:%M}"


class TestimonialQuerySet(models.QuerySet["Testimonial"]):
    def shown(self) -> TestimonialQuerySet:
        """Keep those whose learners still agree to be quoted and have not changed the words."""
        return self.filter(response__may_quote=True, response__comment=F("text"))


class Testimonial(models.Model):
    """A comment that its learner allows us to quote and that staff approved."""

    # pytest would collect it as a class of tests
    __test__ = False

    response = models.OneToOneField(Response, models.CASCADE, related_name="testimonial")
    text = models.TextField(help_text=_("The comment at the time of approval."))
    approved_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    approved_at = models.DateTimeField()

    objects = TestimonialQuerySet.as_manager()

    class Meta:
        ordering = ("-approved_at",)

    def __str__(self) -> str:
        return f"“{self.text[:60]}…”" if len(self.text) > 60 else f"“{self.text}”"
