"""What must be right before an experiment starts, each item with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from core import localized, reporting_clock
from curriculum import parameters
from curriculum.run_plans import PLANNED_AT_SIGN_UP
from experiments import audience, measurable, overlaps, places, sizing
from experiments.models import Experiment, Metric, VariantValue
from kpis.definitions.periods import local_day

LONGEST = timedelta(days=730)
# what a check found: problems in sentences, or none
Check = Callable[[Experiment, datetime], Iterator[str]]


@dataclass(frozen=True)
class Item:
    """One line of the checklist; `sentence` says what is wrong, or that it is fine."""

    key: str
    label: str
    passed: bool
    sentence: str


def checklist(experiment: Experiment, now: datetime | None = None) -> list[Item]:
    """Return all items, in the order in which people fill in the form."""
    now = now or timezone.now()
    size = audience.size(experiment)
    return [
        _item(key, label, list(check(experiment, now)), fine)
        for key, label, check, fine in (
            ("hypothesis", gettext("Hypothesis"), _hypothesis, gettext("There is one.")),
            ("variants", gettext("Variants"), _variants, gettext("One of them is the control.")),
            ("weights", gettext("Weights"), _weights, gettext("They add up to 1.")),
            ("values", gettext("Values"), _values, gettext("They are allowed and different.")),
            ("kpis", gettext("KPIs"), _kpis, gettext("All can be compared between units.")),
            ("audience", gettext("Audience"), partial(_audience, size=size), _size_text(size)),
            ("overlap", gettext("Other experiments"), _overlap, gettext("None is in the way.")),
            ("end", gettext("Planned end"), _end, gettext("It is in the future.")),
            ("plan", gettext("Plan"), _plan, gettext("Effect and size are planned.")),
            ("power", gettext("Power"), _power, gettext("The planned effect can be found.")),
        )
    ]


def problems(experiment: Experiment, now: datetime | None = None) -> list[str]:
    """Return the sentences of the items that have not passed."""
    return [one.sentence for one in checklist(experiment, now) if not one.passed]


def _item(key: str, label: str, found: list[str], fine: str) -> Item:
    return Item(key, label, not found, " ".join(found) or fine)


def _size_text(size: int) -> str:
    return gettext("%(number)s units are in it now.") % {"number": localized.number(size)}


def _hypothesis(experiment: Experiment, now: datetime) -> Iterator[str]:
    if not experiment.hypothesis.strip():
        yield gettext("Write down what you expect and why.")


def _variants(experiment: Experiment, now: datetime) -> Iterator[str]:
    rows = list(experiment.variants.all())
    if len(rows) < 2:
        yield gettext("Add at least two variants.")
    if sum(one.is_control for one in rows) != 1:
        yield gettext("Mark one variant as the control.")


def _weights(experiment: Experiment, now: datetime) -> Iterator[str]:
    if problem := weights_problem([one.weight for one in experiment.variants.all()]):
        yield problem


def weights_problem(weights: list[Decimal]) -> str:
    """Return what is wrong with weights, in a sentence; empty if they are shares that add to 1."""
    if any(not 0 < one <= 1 for one in weights):
        return gettext("Each weight must be greater than 0 and at most 1.")
    total = sum(weights, Decimal(0))
    if total != 1:
        return gettext("The weights add up to %(total)s instead of 1.") % {
            "total": localized.number(total, 4, trimmed=True)
        }
    return ""


def _values(experiment: Experiment, now: datetime) -> Iterator[str]:
    rows = VariantValue.objects.filter(variant__experiment=experiment)
    found = list(rows.select_related("variant", "module").order_by("variant__position", "pk"))
    with_values = {one.variant_id for one in found}
    for variant in experiment.variants.all():
        if variant.is_control and variant.pk in with_values:
            yield gettext(
                "%(variant)s is the control and keeps the ordinary values; remove its own."
            ) % {"variant": variant}
        elif not variant.is_control and variant.pk not in with_values:
            yield gettext("%(variant)s changes no parameter.") % {"variant": variant}
    for value in found:
        problem = places.problem_of(experiment, value, now) or _planned_before(experiment, value)
        if problem:
            yield problem


def _planned_before(experiment: Experiment, value: VariantValue) -> str:
    if experiment.only_new or value.parameter_key not in PLANNED_AT_SIGN_UP:
        return ""
    name = parameters.definition_of(value.parameter_key).name
    return gettext(
        "%(parameter)s: becomes part of the plan at the sign-up, so learners who are enrolled "
        "keep what they have. Choose “Only new enrollments”."
    ) % {"parameter": gettext(name)}


def _kpis(experiment: Experiment, now: datetime) -> Iterator[str]:
    metrics = list(experiment.metrics.all())
    if sum(one.role == Metric.Role.PRIMARY for one in metrics) != 1:
        yield gettext("Choose one primary KPI.")
    for one in metrics:
        if problem := measurable.problem_of(one.kpi, experiment.unit):
            yield problem


def _audience(experiment: Experiment, now: datetime, *, size: int) -> Iterator[str]:
    # learners who enroll later cannot be counted yet
    if not experiment.only_new and not size:
        yield gettext("Nobody is in the audience.")


def _overlap(experiment: Experiment, now: datetime) -> Iterator[str]:
    yield from overlaps.overlaps(experiment)


def _end(experiment: Experiment, now: datetime) -> Iterator[str]:
    if experiment.planned_end is None:
        yield gettext("Set a planned end.")
    elif problem := end_problem(experiment.planned_end, now):
        yield problem


def end_problem(end: date, now: datetime) -> str:
    """Return why an experiment cannot end on a day, in a sentence; empty if it can."""
    today = local_day(now, reporting_clock.reporting_zone())
    if end <= today:
        return gettext("The planned end must be after today.")
    if end > today + LONGEST:
        return gettext("The planned end is more than two years away.")
    return ""


def _plan(experiment: Experiment, now: datetime) -> Iterator[str]:
    if not experiment.planned_effect:
        yield gettext("Plan the smallest effect that you want to find.")
    if not experiment.planned_n:
        yield gettext("Plan the number of units per variant.")


def _power(experiment: Experiment, now: datetime) -> Iterator[str]:
    # an acknowledgement with a reason is enough, and is shown with the results
    if experiment.underpowered_reason.strip() or any(_kpis(experiment, now)):
        return
    if not experiment.planned_effect or not experiment.planned_end:
        yield gettext("Plan an effect and an end first.")
        return
    found = sizing.assess(experiment, now)
    if found is None:
        return
    # of few learners, whether it is enough would say how they did
    if found.needed is None or found.measured < settings.KPI_MIN_GROUP:
        yield gettext(
            "It is not known how the primary KPI varies, so nobody can say whether the effect will "
            "be found. Start anyway with a reason, if there is one."
        )
        return
    smallest = min(found.available or 0, experiment.planned_n or found.needed)
    if smallest >= found.needed:
        return
    yield gettext(
        "The planned effect needs %(needed)s units per variant, and there will be "
        "%(smallest)s. Plan a larger effect or a later end, or start anyway with a reason."
    ) % {
        "needed": localized.number(found.needed),
        "smallest": localized.number(smallest),
    }
