"""Give units a variant by hand, and let chance decide about them again."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from accounts.reader import Reader
from core.external_keys import normalize_key
from curriculum.models import CourseRun, Enrollment, Learner
from experiments import audience
from experiments.history import Actor, account_of, record
from experiments.locking import lock, required
from experiments.models import Experiment, ExperimentEvent, ForcedVariant, Variant

Kind, State = ExperimentEvent.Kind, Experiment.State
POSSIBLE_IN = (State.DRAFT, State.RUNNING)


@transaction.atomic
def force(
    experiment: Experiment,
    unit: Learner | CourseRun,
    variant: Variant,
    by: Actor,
    *,
    reason: str,
    now: datetime | None = None,
) -> ForcedVariant:
    """Give a unit a variant by hand, for example to try it out; no analysis counts it any more.

    ValidationError without a reason, for a unit of the other kind or outside of the courses and
    runs, or once the experiment is over.
    """
    reason = required(reason, "reason", gettext("Enter a reason for forcing a variant."))
    locked = lock(experiment, None, POSSIBLE_IN)
    learner, run = (unit, None) if isinstance(unit, Learner) else (None, unit)
    if (learner is not None) != (locked.unit == Experiment.Unit.LEARNER):
        text = gettext("The units of this experiment are: %(unit)s.")
        raise ValidationError(text % {"unit": locked.get_unit_display()})
    if variant.experiment_id != locked.pk:
        raise ValidationError(gettext("This variant belongs to another experiment."))
    if not audience.reaches(locked, unit):
        raise ValidationError(_outside(unit))
    forced, _ = ForcedVariant.objects.update_or_create(
        experiment=locked,
        learner=learner,
        run=run,
        defaults={"variant": variant, "reason": reason, "by": account_of(by)},
    )
    _note(locked, Kind.FORCED, forced, by, reason, now)
    return forced


def written(unit: Learner | CourseRun) -> str:
    """Return the key of a unit, as forms read it: ada, or py/r1."""
    return unit.key if isinstance(unit, Learner) else f"{unit.course.key}/{unit.key}"


def _outside(unit: Learner | CourseRun) -> str:
    if isinstance(unit, Learner):
        text = gettext(
            "%(learner)s is not enrolled in a course or run of this experiment, so a variant "
            "would change nothing."
        )
        return text % {"learner": written(unit)}
    text = gettext("%(run)s is not a run of this experiment.")
    return text % {"run": written(unit)}


@transaction.atomic
def release(forced: ForcedVariant, by: Actor, *, reason: str, now: datetime | None = None) -> None:
    """Let chance decide about a unit again.

    ValidationError without a reason, or once the experiment is over.
    """
    reason = required(reason, "reason", gettext("Enter a reason for removing a forced variant."))
    locked = lock(forced.experiment, None, POSSIBLE_IN)
    found = ForcedVariant.objects.filter(pk=forced.pk).first()
    if found is None:
        raise ValidationError(gettext("Somebody has removed this forced variant meanwhile."))
    _note(locked, Kind.RELEASED, found, by, reason, now)
    found.delete()


def _note(
    experiment: Experiment,
    kind: str,
    forced: ForcedVariant,
    by: Actor,
    reason: str,
    now: datetime | None,
) -> None:
    # ids, so that the history needs no change when a learner is erased
    unit = {"learner": forced.learner_id, "run": forced.run_id, "variant": forced.variant.key}
    record(experiment, kind, at=now or timezone.now(), by=by, reason=reason, after=unit)


def unit_named(
    experiment: Experiment, reader: Reader, *, learner: str = "", course: str = "", run: str = ""
) -> Learner | CourseRun:
    """Return the learner, or the run of a course, with these keys.

    ValidationError, by field, for one that does not exist or that the reader may not see, and if
    units of the other kind are assigned.
    """
    if experiment.unit == Experiment.Unit.RUN:
        return _run_named(reader, course, run)
    if not learner.strip():
        text = gettext("Name a learner: this experiment assigns learners.")
        raise ValidationError({"learner": text})
    found = _learner_named(reader, learner.strip())
    if found is None:
        text = gettext("Unknown learner “%(key)s”.")
        raise ValidationError({"learner": text % {"key": learner.strip().replace("\0", "�")}})
    return found


def _learner_named(reader: Reader, key: str) -> Learner | None:
    """Return a learner; to readers of some courses, only those in their courses and runs exist."""
    rows = Learner.objects.filter(key__in={key, normalize_key(key)})
    if not reader.sees_every_course:
        there = Enrollment.objects.filter(run__in=reader.runs())
        rows = rows.filter(pk__in=there.order_by().values("learner"))
    # the key as it was written comes first
    found = {one.key: one for one in rows} if "\0" not in key else {}
    return found.get(key, found.get(normalize_key(key)))


def _run_named(reader: Reader, course: str, run: str) -> CourseRun:
    if not course.strip() or not run.strip():
        text = gettext("Name a course and a run: this experiment assigns runs.")
        raise ValidationError({"run": text})
    named = f"{course.strip()}/{run.strip()}"
    rows = reader.runs().select_related("course")
    keys = {"course__key": course.strip(), "key": run.strip()}
    found = None if "\0" in named else rows.filter(**keys).first()
    if found is None:
        text = gettext("Unknown run “%(key)s”.")
        raise ValidationError({"run": text % {"key": named.replace("\0", "�")}})
    return found


def variant_named(experiment: Experiment, key: str) -> Variant:
    """Return a variant by its key; ValidationError for an unknown one."""
    found = None if "\0" in key else experiment.variants.filter(key=key).first()
    if found is None:
        text = gettext("There is no variant %(key)s.")
        raise ValidationError({"variant": text % {"key": key.replace("\0", "�")}})
    return found


def forced_variant_of(experiment: Experiment, unit: Learner | CourseRun) -> ForcedVariant:
    """Return the forced variant of a unit; ValidationError if it has none."""
    is_learner = isinstance(unit, Learner)
    found = experiment.forced_variants.filter(**{"learner" if is_learner else "run": unit}).first()
    if found is None:
        text = gettext("%(unit)s has no forced variant.")
        raise ValidationError(text % {"unit": written(unit)})
    return found


def visible_to(reader: Reader, experiment: Experiment) -> QuerySet[ForcedVariant]:
    """Return the forced variants whose units the reader may name, the latest first."""
    rows = experiment.forced_variants.select_related("learner", "run__course", "variant", "by")
    if reader.sees_every_course:
        return rows
    own_runs = reader.runs().values("pk")
    there = Enrollment.objects.filter(run__in=own_runs).order_by()
    return rows.filter(Q(run__in=own_runs) | Q(learner__in=there.values("learner")))
