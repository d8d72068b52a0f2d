"""Find the place that a request names by keys, and the version of all values, with one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from rest_framework.request import Request

from accounts.reader import course_condition
from core.api_errors import InvalidParameters
from core.external_keys import normalize_key
from curriculum.models import Module
from curriculum.parameters import ParameterScope

NAMES = ("course", "run", "module", "learner")

# One statement, because it is all that an unchanged answer costs. The version changes with every
# decided change, when a change of a later moment begins, and when staff edit a parameter. It counts
# the decisions as well, because the latest one need not be the last to be committed.
SQL = """
SELECT courses.id, runs.id, modules.id, modules.planned_days,
    (
        SELECT MIN(learners.id) FROM curriculum_learner AS learners
        WHERE learners.key IN (%s, %s) AND EXISTS (
            SELECT 1 FROM curriculum_enrollment AS enrollments
            JOIN curriculum_courserun AS their_runs ON their_runs.id = enrollments.run_id
            WHERE enrollments.learner_id = learners.id AND {of_learner}
        )
    ),
    (SELECT MAX(decided_at) FROM curriculum_parameterchange),
    (SELECT COUNT(decided_at) FROM curriculum_parameterchange),
    (SELECT MAX(revised_at) FROM curriculum_parameter),
    latest.begun_at,
    (SELECT number FROM experiments_revision)
FROM (
    SELECT MAX(COALESCE(effective_from, decided_at)) AS begun_at
    FROM curriculum_parameterchange WHERE COALESCE(effective_from, decided_at) <= %s
) AS latest
LEFT JOIN curriculum_course AS courses ON courses.key = %s AND {of_course}
LEFT JOIN curriculum_courserun AS runs ON runs.course_id = courses.id AND runs.key = %s
LEFT JOIN curriculum_module AS modules ON modules.course_id = courses.id AND modules.key = %s
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where values are asked for: by ids, and by the keys that the sender uses.

    `version` is that of the parameters, and `revision` that of the experiments.
    """

    keys: dict[str, str]
    scope: ParameterScope
    module: Module | None
    learner_id: int | None
    version: str
    revision: int


def place_of(request: Request, now: datetime) -> Place:
    """Return the place; `InvalidParameters` for keys that are unknown or of another course.

    A course that the reader may not see is unknown.
    """
    keys = {name: request.query_params.get(name, "") for name in NAMES}
    for name, key in keys.items():
        if "\0" in key:
            raise _unknown(name, key.replace("\0", "�"))
    found = _find(keys, request.user, now)
    course_id, run_id, module_id, planned_days, learner_id, *version, revision = found
    if keys["course"] and course_id is None:
        raise _unknown("course", keys["course"])
    _require_part("run", keys, run_id)
    _require_part("module", keys, module_id)
    if keys["learner"] and learner_id is None:
        raise _unknown("learner", keys["learner"])
    return Place(
        keys=keys,
        scope=ParameterScope(course_id=course_id, run_id=run_id, module_id=module_id),
        module=Module(pk=module_id, planned_days=planned_days or 0) if module_id else None,
        learner_id=learner_id,
        version=f"{course_id}-{run_id}-{module_id}-{planned_days}-{learner_id}-{version}",
        revision=revision or 0,
    )


def _require_part(name: str, keys: dict[str, str], found: int | None) -> None:
    if keys[name] and not keys["course"]:
        sentence = f"Name the course of the {name} as well: keys are unique within a course."
        raise InvalidParameters(sentence, "course")
    if keys[name] and found is None:
        sentence = f"Course “{keys['course']}” has no {name} “{keys[name]}”."
        raise InvalidParameters(sentence, name)


def _find(keys: dict[str, str], principal: object, now: datetime) -> tuple[Any, ...]:
    of_learner, for_learner = course_condition(principal, "their_runs.course_id")
    of_course, for_course = course_condition(principal, "courses.id")
    learner = keys["learner"]
    values: list[Any] = [
        *(learner, normalize_key(learner), *for_learner),
        connection.ops.adapt_datetimefield_value(now),
        *(keys["course"], *for_course, keys["run"], keys["module"]),
    ]
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(of_learner=of_learner, of_course=of_course), values)
        found: tuple[Any, ...] = cursor.fetchone()
    return found


def _unknown(name: str, key: str) -> InvalidParameters:
    return InvalidParameters(f"Unknown {name} “{key}”.", name)
