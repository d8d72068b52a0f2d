"""Which changes were made by shipping a variant of an experiment."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from accounts.reader import Reader
from curriculum.models import ParameterChange
from experiments.models import Experiment, ShippedChange


def experiments_of(
    reader: Reader, changes: Collection[ParameterChange]
) -> Mapping[int, Experiment]:
    """Return the experiments that the reader may see, by the id of the change they made."""
    visible = Experiment.objects.visible_to(reader)
    rows = ShippedChange.objects.filter(
        change__in=[one.pk for one in changes], experiment__in=visible.order_by().values("pk")
    )
    return {one.change_id: one.experiment for one in rows.select_related("experiment")}
