"""Admin pages of courses, skills, learners, enrollments and parameters."""

from __future__ import annotations

from curriculum.admin import (
    added_parameters,
    courses,
    enrollments,
    learners,
    parameter_changes,
    parameters,
    skills,
    structure_versions,
)

__all__ = [
    "added_parameters",
    "courses",
    "enrollments",
    "learners",
    "parameter_changes",
    "parameters",
    "skills",
    "structure_versions",
]
