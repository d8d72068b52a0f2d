"""The learner of the account that is signed in."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from curriculum.models import Learner


def learners_of(request: HttpRequest) -> QuerySet[Any]:
    """Return a query of the account's own learner; nothing if it belongs to none."""
    return Learner.objects.filter(user=request.user.pk)
