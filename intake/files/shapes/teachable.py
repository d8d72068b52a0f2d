"""Teachable's report of the students of a course."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from intake.files.shapes.rosters import Roster


class Teachable(Roster):
    key = "teachable"
    title = gettext_lazy("Teachable course report")
    learner = ("Email", "User email", "Student email", "User ID")
    course = ("Course name", "Course")
    enrolled = ("Enrolled at", "Enrolled date", "Joined at", "Started at")
    completed = ("Completed at", "Completed date", "Completion date")
    percent = ("Percent complete", "% complete", "Percentage complete")
    signature = (learner, enrolled, percent)
