"""Other running experiments that would mix up the results of one."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from experiments.models import Experiment

# a parameter, and the module it is changed for; None for wherever it applies
Target = tuple[str, int | None]
# what decides about overlaps, read for all experiments at once
READ = ("courses", "runs", "variants__values")


def overlaps(experiment: Experiment) -> Iterator[str]:
    """Yield a sentence for each running experiment that shares units and a parameter with one.

    Experiments of one layer exclude each other if their parts of it are apart.
    """
    itself = Experiment.objects.filter(pk=experiment.pk).prefetch_related(*READ).get()
    own, own_places = _targets(itself), _courses(itself)
    others = Experiment.objects.running().exclude(pk=experiment.pk).select_related("layer")
    for other in others.prefetch_related(*READ):
        names = {"other": other.name, "layer": experiment.layer}
        if experiment.layer_id and experiment.layer_id == other.layer_id:
            if experiment.unit != other.unit:
                yield (
                    gettext(
                        "“%(other)s” runs in the layer %(layer)s with another unit, so the two "
                        "would not exclude each other."
                    )
                    % names
                )
            elif _parts_overlap(experiment, other):
                yield (
                    gettext("“%(other)s” already has a part of this part of the layer %(layer)s.")
                    % names
                )
            continue
        shared = _shared(own, _targets(other))
        places = _courses(other)
        if shared and (own_places is None or places is None or own_places & places):
            yield gettext(
                "“%(other)s” runs for some of the same learners and changes %(parameters)s as "
                "well. Put both into one layer, or wait until it has been stopped."
            ) % {**names, "parameters": ", ".join(sorted(shared))}


def of_parameter(key: str, course_id: int | None) -> Experiment | None:
    """Return a running experiment that changes a parameter in a course, or anywhere if None."""
    for one in Experiment.objects.running().prefetch_related(*READ):
        places = _courses(one)
        is_there = course_id is None or places is None or course_id in places
        if is_there and any(key == changed for changed, _ in _targets(one)):
            return one
    return None


def _targets(experiment: Experiment) -> set[Target]:
    variants = experiment.variants.all()
    return {(one.parameter_key, one.module_id) for some in variants for one in some.values.all()}


def _shared(own: set[Target], others: set[Target]) -> set[str]:
    return {
        key
        for key, module in own
        for other, other_module in others
        if key == other and (module == other_module or None in (module, other_module))
    }


def _courses(experiment: Experiment) -> set[int] | None:
    """Return the courses (ids) of the audience; None for the whole site."""
    courses = {one.pk for one in experiment.courses.all()}
    return courses | {one.course_id for one in experiment.runs.all()} or None


def _parts_overlap(one: Experiment, other: Experiment) -> bool:
    bounds = (one.layer_from, one.layer_to, other.layer_from, other.layer_to)
    first, last, others_first, others_last = (float(bound or 0) for bound in bounds)
    return first < others_last and others_first < last
