"""Lock adjustments in the one order that every writer keeps."""

from __future__ import annotations

from django.db import models

from curriculum.models import Parameter
from improvement.models import Adjustment
from improvement.models.adjustments import AdjustmentQuerySet

RELATED = ("rule", "change__parameter", "parameter")


def lock(rows: AdjustmentQuerySet) -> list[Adjustment]:
    """Return the rows as they are now, locked until the end of the transaction.

    Their parameters come first, as for staff who set a value, whose change then closes the
    adjustments: two writers that lock in opposite orders would wait for each other.
    """
    lock_parameters(Parameter.objects.filter(pk__in=rows.order_by().values("parameter")))
    return list(rows.select_for_update(of=("self",)).select_related(*RELATED))


def lock_parameters(rows: models.QuerySet[Parameter]) -> None:
    list(rows.order_by("pk").select_for_update().values_list("pk"))
