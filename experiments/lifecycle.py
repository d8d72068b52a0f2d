"""Start, stop and delete experiments: the one way for admin, pages and API."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from experiments import checklist
from experiments.history import Actor, account_of, record
from experiments.locked_plan import digest_of, plan_of
from experiments.locking import lock, required
from experiments.models import Experiment, ExperimentEvent

Kind, State = ExperimentEvent.Kind, Experiment.State


@transaction.atomic
def start(
    experiment: Experiment,
    by: Actor,
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
        started_by=account_of(by),
        plan=plan,
        plan_digest=digest_of(plan),
    )
    return locked


@transaction.atomic
def stop(
    experiment: Experiment,
    by: Actor,
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


def record_stop(locked: Experiment, by: Actor, *, reason: str, now: datetime) -> None:
    """Stop an experiment that the caller has locked."""
    record(
        locked,
        Kind.STOPPED,
        at=now,
        by=by,
        reason=reason,
        state=State.STOPPED,
        stopped_at=now,
        stopped_by=account_of(by),
    )


@transaction.atomic
def delete(experiment: Experiment, *, expected_version: int | None = None) -> None:
    """Delete an experiment that has not started; ValidationError for any other."""
    lock(experiment, expected_version, (State.DRAFT,)).delete()
