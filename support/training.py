"""Make a model of the chance of not finishing from the enrollments that are over."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Count, Max, QuerySet

from core.database.locks import queue_to_write, try_lock
from curriculum.models import Enrollment
from engagement.facts import progress
from support.models import ChanceModel
from support.prediction import loading
from support.prediction.examples import Examples, examples_of, sample
from support.prediction.fitting import fit
from support.prediction.histories import Bools
from support.prediction.quality import by_group
from support.prediction.rules import share_of_points

logger = logging.getLogger(__name__)

# With fewer, chance decides about the weights: thirteen inputs need some dozens of learners of
# either kind, and without a second group of learners nothing shows whether the model holds there.
FEWEST, FEWEST_OF_EACH, FEWEST_COHORTS = 200, 50, 2
# more would hardly change the weights
MOST = 20_000
TESTED_SHARE = 0.25
# chances that are off by more, on average, would mislead
WORST_CALIBRATION = 0.1
# as a week has passed, once a run is over or as many learners of runs without an end are
EVERY = timedelta(days=7)
NEW_LEARNERS = 200
KEPT = 12


def train_if_due(now: datetime) -> ChanceModel | None:
    """Make a model once a week if runs have finished since the last one; None if not.

    It is safe to run twice or to be killed: the model is one row.
    """
    with try_lock("train-chance-model") as is_ours:
        if not is_ours or not _is_due(now):
            return None
        return train(now)


def train(now: datetime) -> ChanceModel | None:
    """Make and store a model; None if too few enrollments are over, or only of one kind."""
    latest = finished(now).order_by("-due_at", "-pk").values_list("pk", flat=True)[:MOST]
    loaded = loading.load(Enrollment.objects.filter(pk__in=list(latest)))
    examples = examples_of(loaded)
    if not _are_enough(examples):
        return None
    tested = _latest_cohorts(examples)
    quality = _test(examples, tested)
    formula, outcome = fit(sample(examples)), _outcomes(examples)
    with queue_to_write(), transaction.atomic():
        made = ChanceModel.objects.create(
            made_at=now,
            through=now,
            enrollments=len(outcome),
            unfinished=int(outcome.sum()),
            runs=len(np.unique(loaded.runs)),
            tested_enrollments=len(np.unique(examples.enrollment[tested])),
            is_used=_is_better(quality["all"]["0"]),
            formula=formula.as_json(),
            quality=quality,
        )
        kept = ChanceModel.objects.order_by("-made_at", "-pk").values_list("pk", flat=True)[:KEPT]
        ChanceModel.objects.exclude(pk__in=list(kept)).delete()
    logger.info("model of %s enrollments, used: %s", made.enrollments, made.is_used)
    return made


def finished(now: datetime) -> QuerySet[Enrollment]:
    """Return the enrollments that count in the completion rate and whose time is over."""
    completable = progress.completable_courses().order_by().values("pk")
    return Enrollment.objects.counted().filter(due_at__lte=now, run__course__in=completable)


def _is_due(now: datetime) -> bool:
    last = ChanceModel.objects.latest_made()
    if last is None:
        return True
    if now - last.made_at < EVERY:
        return False
    new = finished(now).filter(due_at__gt=last.through)
    by_run = (
        new.order_by().values("run").annotate(Count("pk"), last=Max("run__enrollments__due_at"))
    )
    counts = list(by_run.values_list("pk__count", "last"))
    return any(last <= now for _, last in counts) or sum(n for n, _ in counts) >= NEW_LEARNERS


def _outcomes(examples: Examples) -> Bools:
    """Return the outcome of each enrollment instead of each week."""
    return examples.is_unfinished[np.unique(examples.enrollment, return_index=True)[1]]


def _are_enough(examples: Examples) -> bool:
    outcome = _outcomes(examples)
    of_each = min(outcome.sum(), (~outcome).sum())
    cohorts = len(np.unique(examples.cohort))
    return len(outcome) >= FEWEST and of_each >= FEWEST_OF_EACH and cohorts >= FEWEST_COHORTS


def _latest_cohorts(examples: Examples) -> Bools:
    """Choose whole cohorts, the latest first, with a quarter of the enrollments; never all."""
    _, first = np.unique(examples.enrollment, return_index=True)
    cohort, begins = examples.cohort[first], examples.begins[first]
    starts = {one: np.median(begins[cohort == one]) for one in np.unique(cohort).tolist()}
    chosen: list[int] = []
    for one in sorted(starts, key=lambda one: (starts[one], one), reverse=True)[:-1]:
        chosen.append(one)
        if np.isin(cohort, chosen).sum() >= TESTED_SHARE * len(cohort):
            break
    return np.isin(examples.cohort, chosen)


def _test(examples: Examples, tested: Bools) -> dict[str, dict[str, Any]]:
    """Fit without the latest cohorts, and return how good that is on these: in all, by week and by
    course.
    """
    formula, later = fit(sample(examples[~tested])), examples[tested]
    given = (
        later.enrollment,
        later.is_unfinished,
        formula.chances(later.standings, later.course),
        share_of_points(later.standings),
    )
    groups = {"all": np.zeros_like(later.week), "week": later.week, "course": later.course}
    return {
        name: {str(key): one.as_json() for key, one in by_group(group, *given).items()}
        for name, group in groups.items()
    }


def _is_better(quality: Mapping[str, Any]) -> bool:
    """Return whether the model ranks better than the rules, and means what it says."""
    auc, rules = quality["auc"], quality["rules_auc"]
    is_ranked = auc is not None and rules is not None and auc > rules
    return is_ranked and quality["calibration_error"] <= WORST_CALIBRATION
