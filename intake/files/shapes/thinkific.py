"""Thinkific's export of enrollments and its progress report."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from intake.files.shapes.rosters import Roster


class Thinkific(Roster):
    key = "thinkific"
    title = gettext_lazy("Thinkific enrollments")
    learner = ("User email", "Email", "Student email", "User ID")
    course = ("Course name", "Course", "Product name")
    enrolled = ("Activated at", "Enrolled at", "Created at", "Started at", "Date started")
    completed = ("Completed at", "Date completed")
    percent = ("Percentage completed", "% completed", "Percent completed")
    signature = (learner, ("Activated at", "Started at", "Date started"), percent)
