"""What we teach, to whom, and the dials."""

from __future__ import annotations

from accounts.models.access import ApiKey, CourseGrant
from accounts.models.users import User
from curriculum.models.courses import Course, CourseRun, Module, RunModule, Skill
from curriculum.models.enrollments import (
    Enrollment,
    EnrollmentMoment,
    Pause,
    PlannedModule,
)
from curriculum.models.learners import Learner
from curriculum.models.parameters import Parameter, ParameterChange

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
