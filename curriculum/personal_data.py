from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.mentions import may_name_people
from core.personal_data import Action, Person, holds_no_personal_data, holds_personal_data
from curriculum.models import (
    AddedParameter,
    Course,
    CourseRun,
    Enrollment,
    EnrollmentStatusChange,
    Learner,
    Module,
    Parameter,
    ParameterChange,
    Pause,
    PlannedModule,
    RunModule,
    Skill,
    StructureVersion,
)

DATES = _("Dates of a learner who is anonymous by then; figures are computed from them.")


def _anonymize(learners: QuerySet[Learner], person: Person) -> None:
    learners.update(key=person.pseudonym, name="", email="", user=None)


holds_personal_data(
    Learner,
    "pk",
    ("key", "name", "email"),
    names=("name",),
    action=Action.ANONYMIZE,
    by=_anonymize,
)
holds_personal_data(
    Enrollment, "learner", ("enrolled_at", "withdrawn_at", "completed_at"),
    action=Action.KEEP, reason=DATES,
)  # fmt: skip
holds_personal_data(
    EnrollmentStatusChange, "enrollment__learner", ("kind", "at", "track"),
    action=Action.KEEP, reason=DATES,
)  # fmt: skip
holds_personal_data(
    PlannedModule, "enrollment__learner", ("due_at",), action=Action.KEEP, reason=DATES
)
holds_personal_data(
    Pause, "enrollment__learner", ("started_at", "ended_at"), action=Action.KEEP, reason=DATES
)
holds_no_personal_data(
    Course, CourseRun, Module, RunModule, Skill, reason=_("The content and the dates of courses.")
)
holds_no_personal_data(
    StructureVersion, reason=_("The content of courses, and who on the staff changed it.")
)
holds_no_personal_data(
    Parameter,
    AddedParameter,
    ParameterChange,
    reason=_("Settings of courses, and who on the staff changed them."),
)
may_name_people(ParameterChange, "reason")
