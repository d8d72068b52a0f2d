from __future__ import annotations

from django.db import models
from django.utils.translation import gettext

from accounts.models.users import User
from curriculum.models.courses import CourseRun


class RunGrant(models.Model):
    """Permission for a manager to see one run of a course, also after it has ended."""

    user = models.ForeignKey(User, models.CASCADE, related_name="run_grants")
    run = models.ForeignKey(CourseRun, models.CASCADE, related_name="grants")

    class Meta:
        ordering = ("user", "run")
        constraints = (models.UniqueConstraint("user", "run", name="run_granted_once"),)

    def __str__(self) -> str:
        return gettext("%(account)s may see %(course)s") % {
            "account": self.user,
            "course": self.run,
        }
