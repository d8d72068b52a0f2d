from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from accounts.models import User
from curriculum.models import Course, Enrollment, Learner, Module

# prefixes of the kinds of imports that bring events: of our own columns, and of a tool's
CSV, TOOL = "csv ", "file "


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def of_events(self) -> ImportRunQuerySet:
        """Return the imports of files of events, which can be undone."""
        return self.filter(Q(kind__startswith=CSV) | Q(kind__startswith=TOOL))


class ImportRun(models.Model):
    """The import of one file: its source, status and report."""

    class Status(models.TextChoices):
        RUNNING = "running", gettext_lazy("Running")
        DONE = "done", gettext_lazy("Done")
        FAILED = "failed", gettext_lazy("Failed")
        UNDONE = "undone", gettext_lazy("Undone")

    kind = models.CharField(max_length=50, help_text=gettext_lazy("The importer, such as oulad."))
    source = models.CharField(max_length=255, help_text=gettext_lazy("The name of the file."))
    digest = models.CharField(max_length=64, help_text=gettext_lazy("SHA-256 of the content."))
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    # by finished step: {step: {"read": 0, "imported": 0, "rejected": {"reason": 0}}}
    report = models.JSONField(default=dict)
    has_purged_events = models.BooleanField(default=False, editable=False)
    error = models.TextField(blank=True)
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        constraints = (
            models.UniqueConstraint("kind", "digest", name="one_import_per_file"),
            models.CheckConstraint(
                condition=Q(status="running", finished_at=None) | ~Q(status="running"),
                name="a_running_import_has_not_finished",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.source}"

    @property
    def brings_events(self) -> bool:
        return self.kind.startswith((CSV, TOOL))

    @property
    def can_be_undone(self) -> bool:
        is_done = self.status == self.Status.DONE
        return self.brings_events and is_done and not self.has_purged_events


class FileMapping(models.Model):
    """What a person answered about a file, to be reused for the next file of the same kind."""

    name = models.CharField(max_length=100, unique=True)
    shape = models.CharField(max_length=50, help_text=gettext_lazy("The kind of file."))
    sender = models.CharField(max_length=100)
    answers = models.JSONField(default=dict, blank=True)
    saved_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class LearnerAlias(models.Model):
    """That a learner key names another learner: both are one person until staff split them."""

    key = models.CharField(gettext_lazy("key"), max_length=200, unique=True)
    learner = models.ForeignKey(
        Learner, models.CASCADE, verbose_name=gettext_lazy("learner"), related_name="aliases"
    )
    merged_at = models.DateTimeField(gettext_lazy("merged at"))
    merged_by = models.ForeignKey(
        User, models.SET_NULL, null=True, verbose_name=gettext_lazy("merged by"), related_name="+"
    )

    class Meta:
        ordering = ("key",)
        verbose_name = gettext_lazy("alias of a learner")
        verbose_name_plural = gettext_lazy("aliases of learners")

    def __str__(self) -> str:
        return f"{self.key} = {self.learner.key}"


class Receipt(models.Model):
    """That an event was accepted. It stays when the event is purged, so that it counts once."""

    sender = models.CharField(max_length=100)
    key = models.CharField("id", max_length=200)
    kind = models.CharField(max_length=100)
    digest = models.BigIntegerField(help_text=gettext_lazy("Digest of the content."))
    received_at = models.DateTimeField()
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, db_index=False, db_constraint=False, related_name="+"
    )
    # its id named an erased person and has been replaced
    is_erased = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=("id",), condition=Q(is_erased=True), name="erased_receipts"),
        )
        constraints = (models.UniqueConstraint("sender", "key", "kind", name="event_taken_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Horizon(models.Model):
    """Until when events have been purged; there is at most one row."""

    ONLY = 1

    received_before = models.DateTimeField(
        help_text=gettext_lazy("Events received before this time may have been purged.")
    )
    first_occurred_at = models.DateTimeField(
        help_text=gettext_lazy("When the earliest purged event happened.")
    )

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.received_before:%Y-%m-%d %H:%M}"


class IncompleteHistory(models.Model):
    """An enrollment some of whose events have been purged, so that its facts cannot be rebuilt."""

    enrollment = models.OneToOneField(
        Enrollment, models.CASCADE, primary_key=True, related_name="incomplete_history"
    )
    purged = models.PositiveIntegerField(help_text=gettext_lazy("Number of purged events."))
    last_received_at = models.DateTimeField(
        help_text=gettext_lazy("When the last of them was received.")
    )

    class Meta:
        ordering = ("enrollment",)
        verbose_name_plural = "incomplete histories"

    def __str__(self) -> str:
        return str(self.enrollment)


class EventFact(models.Model):
    """A fact made by events that belong to no enrollment, such as a payment."""

    has_purged_event = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        abstract = True


class EventQuerySet(models.QuerySet["Event"]):
    def unmapped(self) -> EventQuerySet:
        """Return the events of kinds that no app handles yet; they are replayed once one does."""
        return self.filter(is_mapped=False)

    def forget(self) -> None:
        """Delete events and their receipts: sent again, they count as if for the first time."""
        ids = list(self.order_by().values_list("pk", flat=True))
        Event.objects.filter(pk__in=ids).delete()
        Receipt.objects.filter(pk__in=ids).delete()


class Event(models.Model):
    """An event as its sender sent it, with the rows that it refers to."""

    id = models.BigIntegerField(
        primary_key=True, help_text=gettext_lazy("The id of its receipt."), editable=False
    )
    sender = models.CharField(max_length=100)
    key = models.CharField(
        "id", max_length=200, help_text=gettext_lazy("The sender's own id of the event.")
    )
    kind = models.CharField(max_length=100)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_index=True)
    learner = models.CharField(max_length=200, blank=True)
    course_key = models.CharField("course", max_length=100, blank=True)
    run_key = models.CharField("run", max_length=100, blank=True)
    module_key = models.CharField("module", max_length=100, blank=True)
    object = models.CharField(max_length=200, blank=True)
    value = models.FloatField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)
    is_mapped = models.BooleanField("mapped", default=True)
    course = models.ForeignKey(Course, models.CASCADE, null=True, db_index=False, related_name="+")
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, null=True, related_name="+")
    module = models.ForeignKey(Module, models.CASCADE, null=True, db_index=False, related_name="+")
    import_run = models.ForeignKey(
        ImportRun, models.SET_NULL, null=True, db_index=False, related_name="events"
    )
    # the learner as sent, if that is an alias
    sent_learner = models.CharField(max_length=200, blank=True, default="", db_default="")

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        permissions = (
            ("import_event", "Can import events from CSV"),  # not translated: stored by migrate
        )
        # sign-ups and events of customers by learner; all others are found by their enrollment
        indexes = (
            models.Index(fields=("kind",), name="event_by_kind"),
            models.Index(fields=("kind",), condition=Q(is_mapped=False), name="event_unmapped"),
            models.Index(
                fields=("learner",), condition=Q(enrollment=None), name="event_by_learner"
            ),
            models.Index(
                fields=("import_run",), condition=Q(import_run__isnull=False), name="event_by_run"
            ),
            models.Index(
                fields=("sent_learner",), condition=~Q(sent_learner=""), name="event_by_alias"
            ),
            # of events that only name an object, whose module may become known later
            models.Index(
                fields=("course", "object"),
                condition=Q(module_key="", object__gt=""),
                name="event_by_object",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def payload(self) -> dict[str, Any]:
        """The event in the form in which senders send it."""
        fields = {
            "id": self.key,
            "kind": self.kind,
            "occurred_at": self.occurred_at.isoformat(),
            "learner": self.sent_learner or self.learner,
            "course": self.course_key,
            "run": self.run_key,
            "module": self.module_key,
            "object": self.object,
            "value": self.value,
            "data": self.data,
        }
        return {name: value for name, value in fields.items() if value not in ("", None, {})}


class RejectedEventQuerySet(models.QuerySet["RejectedEvent"]):
    def open(self) -> RejectedEventQuerySet:
        return self.filter(resolved_at=None)


class RejectedEvent(models.Model):
    """An event that was rejected, with the reason; resolved if it was accepted later."""

    sender = models.CharField(max_length=100)
    key = models.CharField("id", max_length=200, blank=True)
    kind = models.CharField(max_length=100, blank=True)
    payload = models.TextField(help_text=gettext_lazy("Correct the event here, then replay it."))
    original = models.TextField(
        blank=True,
        db_default="",
        editable=False,
        help_text=gettext_lazy("The event as it was sent, if it was corrected."),
    )
    digest = models.CharField(max_length=64, editable=False)
    code = models.CharField(max_length=50)
    reason = models.CharField(max_length=500)
    field = models.CharField(max_length=100, blank=True)
    received_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    # the last retry; the event with the oldest one is next
    tried_at = models.DateTimeField(null=True, editable=False)
    # the sender's rights when it was received, for the replay
    creates_unknown = models.BooleanField(default=False, editable=False)

    objects = RejectedEventQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=("sender", "key"), name="rejected_by_sender_and_key"),
            models.Index(
                fields=("tried_at",), condition=Q(resolved_at=None), name="rejected_by_last_try"
            ),
        )
        constraints = (models.UniqueConstraint("sender", "digest", name="rejection_kept_once"),)

    def __str__(self) -> str:
        return f"{self.kind or self._meta.verbose_name} {self.key}: {self.reason}"

    @property
    def sent_text(self) -> str:
        """The event as its sender wrote it, before any correction."""
        return self.original or self.payload
