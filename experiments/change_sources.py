"""Tell the history of a parameter which experiment a change came from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext

from curriculum.parameters import CHANGE_SOURCES, ChangeSource
from experiments.models import ShippedChange


def register() -> None:
    CHANGE_SOURCES.register("experiments", sources_of_experiments)


def sources_of_experiments(change_ids: Collection[int]) -> Mapping[int, ChangeSource]:
    """Return the experiments that shipped these changes, by the id of the change."""
    rows = ShippedChange.objects.filter(change__in=change_ids).values_list(
        "change_id", "experiment__key", "experiment__name"
    )
    return {
        change: ChangeSource(
            label=gettext("Experiment: %(name)s") % {"name": name},
            url=f"/experiments/{key}",
        )
        for change, key, name in rows
    }
