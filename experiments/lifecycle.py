"""Start, stop and edit experiments, and force variants: the one way for admin, pages and API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from curriculum.models import CourseRun, Learner
from experiments import checklist
from experiments.analysis.verdict import its_time
from experiments.checklist import weights_problem
from experiments.history import record
from experiments.locked_plan import digest_of, plan_of
from experiments.locking import lock, required
from experiments.models import Deviation, Experiment, ExperimentEvent, ForcedVariant, Variant

Kind, State = ExperimentEvent.Kind, Experiment.State
# what may change while an experiment runs, as a deviation from its plan
EDITABLE = ("planned_end", "weights")


@transaction.atomic
def start(
    experiment: Experiment,
    by: User | None,
    *,
    underpowered_reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Experiment:
    """Lock the plan and start assigning.

    `underpowered_reason` acknowledges that the experiment will probably find nothing.
    ValidationError, with a sentence for each item of the checklist that has not passed, or if
    somebody else started or changed it meanwhile.
    """
    now = now or timezone.now()
    locked = lock(experiment, expected_version, (State.DRAFT,))
    locked.underpowered_reason = underpowered_reason.strip() or locked.underpowered_reason
    if problems := checklist.problems(locked, now):
        raise ValidationError(problems, code="checklist")
    locked.save(update_fields=["underpowered_reason"])
    plan = plan_of(locked)
    record(
        locked,
        Kind.STARTED,
        at=now,
        by=by,
        reason=locked.underpowered_reason,
        state=State.RUNNING,
        started_at=now,
        started_by=by,
        plan=plan,
        plan_digest=digest_of(plan),
    )
    return locked


@transaction.atomic
def stop(
    experiment: Experiment,
    by: User | None,
    *,
    reason: str,
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Experiment:
    """Stop a running experiment: from now on, everybody gets the ordinary values.

    ValidationError without a reason, or if it does not run any more.
    """
    reason = required(reason, "reason", gettext("Enter a reason for stopping."))
    now = now or timezone.now()
    locked = lock(experiment, expected_version, (State.RUNNING,))
    record_stop(locked, by, reason=reason, now=now)
    return locked


def record_stop(locked: Experiment, by: User | None, *, reason: str, now: datetime) -> None:
    """Stop an experiment that the caller has locked."""
    record(
        locked,
        Kind.STOPPED,
        at=now,
        by=by,
        reason=reason,
        state=State.STOPPED,
        stopped_at=now,
        stopped_by=by,
    )


@transaction.atomic
def edit_running(
    experiment: Experiment,
    by: User | None,
    changes: Mapping[str, Any],
    *,
    reason: str,
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Experiment:
    """Change the planned end or the weights of a running experiment, as a recorded deviation.

    `changes` maps `planned_end` to a date and `weights` to a mapping from variant keys to shares.
    Assigned units keep their variant. ValidationError for anything else, which the plan locks.
    """
    reason = required(reason, "reason", gettext("Enter a reason for the deviation."))
    now = now or timezone.now()
    locked = lock(experiment, expected_version, (State.RUNNING,))
    if fixed := sorted(set(changes) - set(EDITABLE)):
        raise ValidationError(
            gettext(
                "%(fields)s: the plan is locked while the experiment runs. Stop it and draft a "
                "new one instead."
            )
            % {"fields": ", ".join(fixed)},
            code="locked",
        )
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    if "planned_end" in changes:
        before["planned_end"] = locked.planned_end
        after["planned_end"] = fields["planned_end"] = _end(changes["planned_end"], locked, now)
    if "weights" in changes:
        before["weights"], after["weights"] = _set_weights(locked, changes["weights"])
    if before == after:
        raise ValidationError(gettext("Nothing would change."))
    record(
        locked, Kind.DEVIATED, at=now, by=by, reason=reason, before=before, after=after, **fields
    )
    for name, value in after.items():
        Deviation.objects.create(
            experiment=locked,
            at=now,
            by=by,
            reason=reason,
            field=name,
            before={name: before[name]},
            after={name: value},
        )
    return locked


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
    return day


def _set_weights(
    experiment: Experiment, weights: Mapping[str, Decimal]
) -> tuple[dict[str, str], dict[str, str]]:
    variants = list(experiment.variants.select_for_update())
    if set(weights) != {one.key for one in variants}:
        raise ValidationError({"weights": gettext("Enter a weight for each variant.")})
    if problem := weights_problem([Decimal(one) for one in weights.values()]):
        raise ValidationError({"weights": problem})
    before = {one.key: str(one.weight.normalize()) for one in variants}
    for one in variants:
        one.weight = Decimal(weights[one.key])
    Variant.objects.bulk_update(variants, ["weight"])
    return before, {one.key: str(one.weight.normalize()) for one in variants}


@transaction.atomic
def force(
    experiment: Experiment,
    unit: Learner | CourseRun,
    variant: Variant,
    by: User | None,
    *,
    reason: str,
    now: datetime | None = None,
) -> ForcedVariant:
    """Give a unit a variant by hand, for example to try it out; no analysis counts it any more.

    ValidationError without a reason, for a unit of the other kind, or once the experiment is over.
    """
    reason = required(reason, "reason", gettext("Enter a reason for forcing a variant."))
    locked = lock(experiment, None, (State.DRAFT, State.RUNNING))
    learner, run = (unit, None) if isinstance(unit, Learner) else (None, unit)
    if (learner is not None) != (locked.unit == Experiment.Unit.LEARNER):
        text = gettext("The units of this experiment are: %(unit)s.")
        raise ValidationError(text % {"unit": locked.get_unit_display()})
    if variant.experiment_id != locked.pk:
        raise ValidationError(gettext("This variant belongs to another experiment."))
    forced, _ = ForcedVariant.objects.update_or_create(
        experiment=locked,
        learner=learner,
        run=run,
        defaults={"variant": variant, "reason": reason, "by": by},
    )
    _note(locked, Kind.FORCED, forced, by, reason, now)
    return forced


@transaction.atomic
def release(
    forced: ForcedVariant, by: User | None, *, reason: str, now: datetime | None = None
) -> None:
    """Let chance decide about a unit again; ValidationError without a reason."""
    reason = required(reason, "reason", gettext("Enter a reason for removing a forced variant."))
    locked = lock(forced.experiment, None, (State.DRAFT, State.RUNNING))
    _note(locked, Kind.RELEASED, forced, by, reason, now)
    forced.delete()


def _note(
    experiment: Experiment,
    kind: str,
    forced: ForcedVariant,
    by: User | None,
    reason: str,
    now: datetime | None,
) -> None:
    # ids, so that the history needs no change when a learner is erased
    unit = {"learner": forced.learner_id, "run": forced.run_id, "variant": forced.variant.key}
    record(experiment, kind, at=now or timezone.now(), by=by, reason=reason, after=unit)


@transaction.atomic
def delete(experiment: Experiment) -> None:
    """Delete an experiment that has not started; ValidationError for any other."""
    lock(experiment, None, (State.DRAFT,)).delete()
