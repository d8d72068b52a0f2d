"""Rows of customers in a scope; a run or a module has none."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from business.models import Customer
from curriculum.models import Learner
from kpis.definitions.aggregates import Scope


def bought(scope: Scope) -> Q:
    """The lookup for rows that have a course and a customer."""
    wanted: dict[str, Any] = {}
    if scope.course_ids is not None:
        wanted["course__in"] = scope.course_ids
    if scope.learner_ids is not None:
        learners = Learner.objects.filter(pk__in=scope.learner_ids)
        wanted |= {
            "customer__kind": Customer.Kind.LEARNER,
            "customer__key__in": learners.values("key"),
        }
    return Q(**wanted)


def invited(scope: Scope) -> Q:
    """The lookup for rows that have a course and a learner."""
    wanted: dict[str, Any] = {"learner__kind": Learner.Kind.LEARNER}
    if scope.course_ids is not None:
        wanted["course__in"] = scope.course_ids
    if scope.learner_ids is not None:
        wanted["learner__in"] = scope.learner_ids
    return Q(**wanted)
