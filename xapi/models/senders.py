"""Where a sender may leave the specification, and what was refused because it did."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey


class SenderRules(models.Model):
    """The declared leniencies of one API key, and how often each was used; off by default."""

    key = models.OneToOneField(
        ApiKey, models.CASCADE, verbose_name=_("API key"), related_name="xapi_rules"
    )
    gives_own_ids = models.BooleanField(
        _("let clashes in under an id of their own"),
        default=False,
        help_text=_(
            "For a sender that makes one id for different statements, such as Open edX's: what "
            "clashes with a stored statement is stored under an id made of its content."
        ),
    )
    allows_group_activities = models.BooleanField(
        _('accept "GroupActivity" as the type of an object'),
        default=False,
        help_text=_("For Open edX's problems with several questions; it counts as an activity."),
    )
    ignores_cachebuster = models.BooleanField(
        _('ignore the parameter "cachebuster"'),
        default=False,
        help_text=_("For content that adds it to its requests, such as by @xapi/xapi."),
    )
    overwrites_profiles = models.BooleanField(
        _("write profiles without a precondition"),
        default=False,
        help_text=_("For senders of version 1.0.3 that send neither If-Match nor If-None-Match."),
    )
    own_ids_given = models.PositiveBigIntegerField(_("clashes let in"), default=0, editable=False)
    group_activities_taken = models.PositiveBigIntegerField(
        _('statements with "GroupActivity"'), default=0, editable=False
    )
    cachebusters_ignored = models.PositiveBigIntegerField(
        _('requests with "cachebuster"'), default=0, editable=False
    )
    profiles_overwritten = models.PositiveBigIntegerField(
        _("profiles written without a precondition"), default=0, editable=False
    )

    class Meta:
        ordering = ("key",)
        verbose_name = _("rules of an xAPI sender")
        verbose_name_plural = _("rules of xAPI senders")

    def __str__(self) -> str:
        return str(self.key)


class RefusedStatement(models.Model):
    """A statement of a batch that was refused because of a clash; nothing of it is lost."""

    sender = models.CharField(_("sender"), max_length=100)
    statement_id = models.UUIDField(_("id"))
    digest = models.CharField(max_length=64, editable=False)
    sent = models.TextField(_("as sent"))
    version = models.CharField(_("version"), max_length=10)
    reason = models.CharField(_("reason"), max_length=500)
    # it differs from the stored statement with its id; otherwise, it came with one that does
    is_clash = models.BooleanField(_("clashes"))
    received_at = models.DateTimeField(_("received at"))
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint("sender", "digest", name="refused_statement_kept_once"),
        )
        indexes = (
            models.Index(fields=("received_at",), name="refused_by_time"),
            models.Index(
                fields=("sender", "statement_id"),
                condition=Q(resolved_at=None),
                name="refused_by_statement",
            ),
        )
        verbose_name = _("refused statement")
        verbose_name_plural = _("refused statements")

    def __str__(self) -> str:
        return str(self.statement_id)
