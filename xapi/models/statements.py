from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xapi.models.identities import Verb


class Statement(models.Model):
    """A statement as it was sent, byte for byte, beside the columns by which it is found."""

    uuid = models.UUIDField(_("id"), unique=True)
    sender = models.CharField(_("sender"), max_length=100)
    # in UTF-8, as it stood in the body of the request
    sent = models.TextField(_("as sent"))
    version = models.CharField(_("version"), max_length=10)
    stored = models.DateTimeField(_("stored at"))
    # when it happened; what was sent without a timestamp happened when it was stored
    timestamp = models.DateTimeField(_("happened at"))
    verb = models.ForeignKey(Verb, models.PROTECT, db_index=False, related_name="+")
    registration = models.UUIDField(_("registration"), null=True)
    is_voided = models.BooleanField(_("voided"), default=False)
    # it voids another one, and cannot be voided itself
    is_voiding = models.BooleanField(_("voids another statement"), default=False)
    # JSON of the properties that the store sets, without its braces
    added = models.TextField(_("set by the store"))
    # as sent it has some of these itself, which they replace
    has_own_properties = models.BooleanField(default=False)
    # the id as sent, if a clash gave it an id of its own
    sent_id = models.UUIDField(_("id as sent"), null=True)

    class Meta:
        ordering = ("-stored", "-pk")
        indexes = (
            models.Index(fields=("stored", "id"), name="statement_by_stored"),
            models.Index(fields=("sender", "stored", "id"), name="statement_by_sender"),
            models.Index(fields=("verb", "stored", "id"), name="statement_by_verb"),
            models.Index(
                fields=("registration", "stored", "id"),
                condition=Q(registration__isnull=False),
                name="statement_by_registration",
            ),
        )
        verbose_name = _("statement")
        verbose_name_plural = _("statements")

    def __str__(self) -> str:
        return str(self.uuid)


class Attachment(models.Model):
    """The content of an attachment that came with a statement."""

    statement = models.ForeignKey(Statement, models.CASCADE, related_name="attachments")
    sha2 = models.CharField("SHA-2", max_length=128)
    content_type = models.CharField(_("media type"), max_length=255)
    content = models.BinaryField(_("content"))
    is_intact = models.BooleanField(_("has the declared digest"))

    class Meta:
        ordering = ("pk",)
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.sha2


class ErasedStatement(models.Model):
    """The id of what was erased with its learner: sent again, it counts as stored."""

    uuid = models.UUIDField(_("id"), primary_key=True)

    class Meta:
        ordering = ("uuid",)
        verbose_name = _("erased statement")
        verbose_name_plural = _("erased statements")

    def __str__(self) -> str:
        return str(self.uuid)
