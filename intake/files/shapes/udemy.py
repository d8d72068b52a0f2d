"""The report “User course activity” of Udemy Business."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from intake.files.shapes.rosters import Roster


class Udemy(Roster):
    key = "udemy"
    title = gettext_lazy("Udemy Business course activity")
    learner = ("User email", "Email", "User external ID", "External ID", "LMS user ID")
    course = ("Course title", "Course ID")
    enrolled = (
        "Course enroll date", "Enrollment date", "Enrolled date", "Enrolled on",
        "Course start date", "Start date", "Started date",
    )  # fmt: skip
    completed = (
        "Course first completion date", "First completion date", "First completed date",
        "Course completion date", "Completion date", "Completed date", "Completed on",
    )  # fmt: skip
    percent = ("Course completion ratio", "Completion ratio", "% marked completed")
    signature = (learner, course, percent)
