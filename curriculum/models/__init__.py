"""What we teach, to whom, and the dials."""

from __future__ import annotations

from curriculum.models.access import ApiKey, CourseGrant
from curriculum.models.courses import Course, CourseRun, Module, RunModule, Skill
from curriculum.models.dials import Parameter, ParameterChange
from curriculum.models.enrollments import (
    Enrollment,
    EnrollmentMoment,
    Pause,
    PlannedModule,
)
from curriculum.models.learners import Learner
from curriculum.models.users import User

__all__ = [
    "ApiKey",
    "Course",
    "CourseGrant",
    "CourseRun",
    "Enrollment",
    "EnrollmentMoment",
    "Learner",
    "Module",
    "Parameter",
    "ParameterChange",
    "Pause",
    "PlannedModule",
    "RunModule",
    "Skill",
    "User",
]
