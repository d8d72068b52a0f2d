from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import localized
from curriculum.models import Enrollment

if TYPE_CHECKING:
    from accounts.reader import Reader


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, reader: Reader) -> ContactQuerySet:
        if reader.sees_every_course:
            return self
        return self.filter(enrollment__run__in=reader.runs())

    def first_of_learner(self) -> ContactQuerySet:
        """Keep the first contact of each enrollment: later ones follow up on it."""
        is_earlier = Q(on__lt=OuterRef("on")) | Q(on=OuterRef("on"), pk__lt=OuterRef("pk"))
        earlier = Contact.objects.filter(is_earlier, enrollment=OuterRef("enrollment"))
        return self.filter(~Exists(earlier))


class Contact(models.Model):
    """Somebody contacted a learner; what the learner did afterwards is measured from the facts.

    `similar` counts learners of the same run who had about the same score on that day and were not
    contacted, `similar_…` how many of them did the same.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")
        MESSAGE = "message", _("Message")
        MEETING = "meeting", _("Conversation")
        OTHER = "other", _("Another way")

    class Result(models.TextChoices):
        NO_ANSWER = "no_answer", _("No answer yet")
        ANSWERED = "answered", _("Answered")
        AGREED = "agreed", _("Agreed on next steps")
        LEAVING = "leaving", _("Wants to leave the course")

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="contacts")
    on = models.DateField(help_text=_("The day on which the learner was contacted."))
    channel = models.CharField(max_length=10, choices=Channel.choices)
    result = models.CharField(max_length=10, choices=Result.choices)
    note = models.TextField(blank=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    noted_at = models.DateTimeField()

    score = models.FloatField(null=True, help_text=_("On the day of the contact."))
    followed_at = models.DateTimeField(
        null=True, help_text=_("When it was measured what the learner did.")
    )
    came_back = models.BooleanField(null=True, help_text=_("Was active within the days after."))
    was_behind = models.BooleanField(null=True)
    caught_up = models.BooleanField(null=True, help_text=_("Empty if the learner was not behind."))
    similar = models.PositiveIntegerField(default=0)
    similar_came_back = models.PositiveIntegerField(default=0)
    similar_behind = models.PositiveIntegerField(default=0)
    similar_caught_up = models.PositiveIntegerField(default=0)
    finished = models.BooleanField(null=True, help_text=_("Empty until the course is over."))
    similar_over = models.PositiveIntegerField(default=0)
    similar_finished = models.PositiveIntegerField(default=0)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ("-on", "-pk")
        indexes = (
            models.Index(fields=("on",), name="contact_by_day"),
            models.Index(fields=("on",), condition=Q(followed_at=None), name="contact_to_follow"),
            models.Index(fields=("on",), condition=Q(finished=None), name="contact_not_over"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(similar_came_back__lte=F("similar")),
                name="contact_counts_some_of_the_similar",
            ),
        )

    def __str__(self) -> str:
        return gettext("%(channel)s on %(day)s") % {
            "channel": self.get_channel_display(),
            "day": localized.day(self.on),
        }
