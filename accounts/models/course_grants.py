from __future__ import annotations

from django.db import models
from django.utils.translation import gettext

from accounts.models.users import User
from curriculum.models.courses import Course


class CourseGrant(models.Model):
    """Permission for a manager to see one course."""

    user = models.ForeignKey(User, models.CASCADE, related_name="course_grants")
    course = models.ForeignKey(Course, models.CASCADE, related_name="grants")

    class Meta:
        ordering = ("user", "course")
        constraints = (models.UniqueConstraint("user", "course", name="course_granted_once"),)

    def __str__(self) -> str:
        return gettext("%(account)s may see %(course)s") % {
            "account": self.user,
            "course": self.course,
        }
