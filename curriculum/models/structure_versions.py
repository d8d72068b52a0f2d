from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from curriculum.models.courses import Course


class StructureVersionQuerySet(models.QuerySet["StructureVersion"]):
    def latest_of_each(self) -> StructureVersionQuerySet:
        """Keep the latest version of each course."""
        own = StructureVersion.objects.filter(course=models.OuterRef("course"))
        return self.filter(number=models.Subquery(own.order_by("-number").values("number")[:1]))


class StructureVersion(models.Model):
    """The modules and skills of a course, as they were from one change to the next."""

    class Source(models.TextChoices):
        FOUND = "found", _("Found when versions began")
        EVENT = "event", _("Sent by a learning platform")
        ADMIN = "admin", _("Changed in the admin")
        IMPORT = "import", _("Imported from a file")
        DEMO = "demo", _("Demonstration")

    course = models.ForeignKey(Course, models.CASCADE, related_name="structure_versions")
    number = models.PositiveIntegerField(help_text=_("Counts the versions of one course."))
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=10, choices=Source.choices)
    structure = models.JSONField()
    digest = models.CharField(max_length=64, help_text=_("Equal structures have equal digests."))

    objects = StructureVersionQuerySet.as_manager()

    class Meta:
        ordering = ("course", "-number")
        constraints = (
            models.UniqueConstraint(
                fields=("course", "number"), name="structure_versions_are_numbered"
            ),
        )

    def __str__(self) -> str:
        return gettext("%(course)s, version %(number)s") % {
            "course": self.course,
            "number": self.number,
        }

    def save(self, *args: Any, **kwargs: Any) -> None:
        """TypeError for a version that is stored already: a version is never changed."""
        if not self._state.adding:
            raise TypeError("A structure version is never changed.")
        super().save(*args, **kwargs)
