"""Restrict rows of customers and invitations to a scope; they have no runs and modules."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from curriculum.models import Learner
from kpis.definitions.scopes import Scope


def purchases_in(scope: Scope) -> Q:
    """The condition for rows with a customer and a course."""
    lookup: dict[str, Any] = {}
    if scope.course_ids is not None:
        lookup["course__in"] = scope.course_ids
    if scope.learner_ids is not None:
        lookup["customer__learner__in"] = scope.learner_ids
    return Q(**lookup)


def invitations_in(scope: Scope) -> Q:
    """The condition for rows with a learner and a course."""
    lookup: dict[str, Any] = {"learner__kind": Learner.Kind.LEARNER}
    if scope.course_ids is not None:
        lookup["course__in"] = scope.course_ids
    if scope.learner_ids is not None:
        lookup["learner__in"] = scope.learner_ids
    return Q(**lookup)
