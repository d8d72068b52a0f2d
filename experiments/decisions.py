"""Decide about experiments: ship a variant, stop, or say that it is inconclusive or invalid."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from curriculum import parameters
from curriculum.models import Parameter
from experiments.history import Actor, account_of, record
from experiments.lifecycle import record_stop
from experiments.locking import lock, required
from experiments.models import (
    Analysis,
    Experiment,
    ExperimentEvent,
    ShippedChange,
    Variant,
)
from experiments.places import narrower_rows, places_of
from improvement import decisions as improvement
from improvement.models import Adjustment

State, Verdict = Experiment.State, Experiment.Verdict
PROPOSED = Adjustment.Status.PROPOSED


@transaction.atomic
def decide(
    experiment: Experiment,
    by: Actor,
    *,
    verdict: str,
    reason: str,
    variant: Variant | None = None,
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Experiment:
    """Decide about an experiment, which stops it if it still runs.

    Shipping sets the values of `variant` where the experiment was; with any other verdict,
    everybody keeps the ordinary values. ValidationError, with nothing changed, without a reason,
    if it was decided meanwhile, or for shipping what the last analysis does not allow to ship.
    """
    reason = required(reason, "reason", gettext("Enter a reason for the decision."))
    if verdict not in Verdict.values:
        raise ValidationError({"verdict": gettext("Choose a verdict.")})
    now = now or timezone.now()
    locked = lock(experiment, expected_version, (State.RUNNING, State.STOPPED))
    shipped = _shippable(locked, variant) if verdict == Verdict.SHIP else None
    if locked.is_running:
        record_stop(locked, by, reason=reason, now=now)
    changes = _ship(locked, shipped, reason=reason, by=by, now=now) if shipped else []
    if locked.adjustment and not shipped:
        _reject(locked, by, reason=reason, now=now)
    record(
        locked,
        ExperimentEvent.Kind.DECIDED,
        at=now,
        by=by,
        reason=reason,
        after={"values": changes} if changes else {},
        state=State.DECIDED,
        verdict=verdict,
        shipped_variant=shipped,
        decided_at=now,
        decided_by=account_of(by),
        decision_reason=reason,
    )
    return locked


def _shippable(experiment: Experiment, variant: Variant | None) -> Variant:
    if variant is None or variant.experiment_id != experiment.pk or variant.is_control:
        raise ValidationError(
            {"variant": gettext("Choose the variant to ship; the control is what is there.")}
        )
    last = experiment.analyses.first()
    if last is None:
        raise ValidationError(gettext("Analyze the experiment before you ship a variant."))
    if last.verdict == Analysis.Verdict.INVALID:
        raise ValidationError(
            gettext(
                "The numbers of units do not match the weights, so the result is invalid and no "
                "variant can be shipped."
            )
        )
    if last.verdict == Analysis.Verdict.TOO_EARLY:
        raise ValidationError(gettext("It is too early to ship: the result does not count yet."))
    return variant


def _ship(
    experiment: Experiment, variant: Variant, *, reason: str, by: Actor, now: datetime
) -> list[str]:
    """Set the variant's values in each place; returns the changes as texts."""
    text = gettext("Experiment “%(name)s”: %(reason)s") % {
        "name": experiment.name,
        "reason": reason,
    }
    made = []
    adjustment = experiment.adjustment
    for row, value in _rows(experiment, variant, now):
        if adjustment and adjustment.status == PROPOSED and row.pk == adjustment.parameter_id:
            # applies the proposed change, and watches it like any other
            change = improvement.approve(adjustment, account_of(by), reason=text, now=now).change
        else:
            change = parameters.set_value(row, value, reason=text, by=account_of(by), now=now)
        if change:
            ShippedChange.objects.create(experiment=experiment, change=change)
            made.append(f"{row.display_name}, {row.scope}: {change.values}")
    return made


def _reject(experiment: Experiment, by: Actor, *, reason: str, now: datetime) -> None:
    """Reject the proposal that was tested, unless somebody decided about it meanwhile."""
    adjustment = experiment.adjustment
    if adjustment and adjustment.status == PROPOSED:
        improvement.reject(adjustment, account_of(by), reason=reason, now=now)


def _rows(
    experiment: Experiment, variant: Variant, now: datetime
) -> list[tuple[Parameter, Decimal]]:
    """Return the rows to set: of each place, and of what overrides its value inside it."""
    found = []
    for value in variant.values.select_related("module").order_by("pk"):
        for place in places_of(experiment, value):
            found.append((place.parameter(value.parameter_key), value.value))
            inside = narrower_rows(place, value.parameter_key)
            found += [(row, value.value) for row in inside if _has_own_value(row, now)]
    # two people who change parameters lock them in this order
    return sorted(found, key=lambda one: one[0].pk)


def _has_own_value(row: Parameter, now: datetime) -> bool:
    changes = list(row.changes.in_effective_order())
    return parameters.own_value(row, changes, now) is not None
