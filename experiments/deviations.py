"""Change what the plan of a running experiment leaves open, as recorded deviations from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from experiments.analysis.verdict import its_time
from experiments.checklist import end_problem, weights_problem
from experiments.history import Actor, account_of, record
from experiments.locking import lock, required
from experiments.models import Deviation, Experiment, ExperimentEvent, Variant

# what may change while an experiment runs
EDITABLE = ("planned_end", "weights")


@transaction.atomic
def edit_running(
    experiment: Experiment,
    by: Actor,
    changes: Mapping[str, Any],
    *,
    reason: str,
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Experiment:
    """Change the planned end or the weights of a running experiment, as recorded deviations.

    `changes` maps `planned_end` to a date and `weights` to a mapping from variant keys to shares.
    Assigned units keep their variant. ValidationError, with nothing changed, for anything else,
    which the plan locks, and for changes that are wrong or change nothing.
    """
    reason = required(reason, "reason", gettext("Enter a reason for the deviation."))
    now = now or timezone.now()
    locked = lock(experiment, expected_version, (Experiment.State.RUNNING,))
    if fixed := sorted(set(changes) - set(EDITABLE)):
        raise ValidationError(_locked(fixed))
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if changes.get("planned_end", locked.planned_end) != locked.planned_end:
        before["planned_end"] = locked.planned_end
        after["planned_end"] = _end(changes["planned_end"], locked, now)
    if "weights" in changes:
        old, new = _set_weights(locked, changes["weights"])
        if old != new:
            before["weights"], after["weights"] = old, new
    if not after:
        raise ValidationError(gettext("Nothing would change."))
    fields = {name: after[name] for name in after if name != "weights"}
    kind = ExperimentEvent.Kind.DEVIATED
    record(locked, kind, at=now, by=by, reason=reason, before=before, after=after, **fields)
    for name, value in after.items():
        Deviation.objects.create(
            experiment=locked,
            at=now,
            by=account_of(by),
            reason=reason,
            field=name,
            before={name: before[name]},
            after={name: value},
        )
    return locked


def _locked(fields: list[str]) -> dict[str, str]:
    """Return a sentence for each field that cannot change."""
    text = gettext(
        "%(fields)s: the plan is locked while the experiment runs. Stop it and draft a new one "
        "instead."
    )
    return {name: text % {"fields": name} for name in fields}


def _end(day: object, experiment: Experiment, now: datetime) -> date:
    started, its_end = experiment.started_at, its_time(experiment)
    if its_end is not None and now >= its_end:
        text = gettext(
            "The planned end has come, and the result counts; with another end, it would be looked "
            "at twice. Stop the experiment."
        )
        raise ValidationError({"planned_end": text})
    if not isinstance(day, date) or started is None or day <= started.date():
        raise ValidationError({"planned_end": gettext("Enter a day after the start.")})
    # an end that has passed would make a result count that somebody has seen already
    if problem := end_problem(day, now):
        raise ValidationError({"planned_end": problem})
    return day


def _set_weights(
    experiment: Experiment, weights: Mapping[str, object]
) -> tuple[dict[str, str], dict[str, str]]:
    """Write the weights of all variants; returns the old and the new ones by key."""
    variants = list(experiment.variants.select_for_update())
    if set(weights) != {one.key for one in variants}:
        text = gettext("Enter a weight for each variant: %(keys)s.")
        keys = ", ".join(one.key for one in variants)
        raise ValidationError({"weights": text % {"keys": keys}})
    before = {one.key: str(one.weight.normalize()) for one in variants}
    field = Variant._meta.get_field("weight")
    for one in variants:
        weight = weights[one.key]
        try:
            # 0.2 as it is written, not as it is stored in binary
            one.weight = field.clean(str(weight) if isinstance(weight, float) else weight, one)
        except ValidationError as error:
            raise ValidationError({"weights": error.messages}) from error
    if problem := weights_problem([one.weight for one in variants]):
        raise ValidationError({"weights": problem})
    Variant.objects.bulk_update(variants, ["weight"])
    return before, {one.key: str(one.weight.normalize()) for one in variants}
