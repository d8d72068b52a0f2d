"""What staff say statements mean."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from statements.models.patterns import short_name


class Mapping(models.Model):
    """A rule of staff, which comes before the built-in rules."""

    verb = models.TextField(_("verb"))
    activity_type = models.TextField(
        _("activity type"), blank=True, help_text=_("Empty: any type.")
    )
    profile = models.TextField(_("profile"), blank=True, help_text=_("Empty: any profile."))
    kind = models.CharField(
        _("event kind"), max_length=100, blank=True, help_text=_("Empty: no event follows.")
    )
    course_from = models.CharField(_("course from"), max_length=500, blank=True)
    run_from = models.CharField(_("run from"), max_length=500, blank=True)
    module_from = models.CharField(_("module from"), max_length=500, blank=True)
    object_from = models.CharField(_("object from"), max_length=500, blank=True)
    value_from = models.CharField(_("value from"), max_length=500, blank=True)
    value_max = models.FloatField(
        _("value out of"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1e-9)],
        help_text=_("For a grade: the number that stands for all points, such as 100."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("mapping of statements")
        verbose_name_plural = _("mappings of statements")

    def __str__(self) -> str:
        names = (self.verb, self.activity_type, self.profile)
        return " · ".join(short_name(name) for name in names if name)


class SenderDefault(models.Model):
    """What applies to a sender's statements that do not say it themselves."""

    sender = models.CharField(
        _("sender"), max_length=100, unique=True, help_text=_("The name of the API key.")
    )
    course_key = models.CharField(
        _("course"),
        max_length=100,
        blank=True,
        help_text=_("Key of the course of statements that name none, such as those of H5P."),
    )
    run_key = models.CharField(_("run"), max_length=100, blank=True)
    names_are_keys = models.BooleanField(
        _("account names are learner keys"),
        default=False,
        help_text=_("The name of an account is the key under which other senders know a learner."),
    )

    class Meta:
        ordering = ("sender",)
        verbose_name = _("default of a sender")
        verbose_name_plural = _("defaults of senders")

    def __str__(self) -> str:
        return self.sender
