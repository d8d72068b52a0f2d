"""Courses, learners, enrollments and parameters."""

from __future__ import annotations

from curriculum.models.courses import Course, CourseRun, Module, RunModule, Skill
from curriculum.models.enrollments import Enrollment, EnrollmentStatusChange, Pause, PlannedModule
from curriculum.models.learners import Learner
from curriculum.models.parameters import AddedParameter, Parameter, ParameterChange
from curriculum.models.structure_versions import StructureVersion

__all__ = [
    "AddedParameter",
    "Course",
    "CourseRun",
    "Enrollment",
    "EnrollmentStatusChange",
    "Learner",
    "Module",
    "Parameter",
    "ParameterChange",
    "Pause",
    "PlannedModule",
    "RunModule",
    "Skill",
    "StructureVersion",
]
