"""Record when units were exposed to their variants, in whatever order the events come."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext

from core import reporting_clock
from core.database import bulk_upsert
from core.external_keys import ids_by_key
from curriculum.models import CourseRun, Learner
from experiments.models import Assignment, Experiment, Exposure, ForcedVariant
from intake.models import Event
from kpis.definitions.periods import local_day

EXPOSED = "experiment.exposed"
# clocks of platforms differ a little from ours
CLOCK_TOLERANCE = timedelta(seconds=10)
# what is wrong with an event: code, field and sentence
Problem = tuple[str, str, str]


@dataclass(frozen=True)
class Placed:
    """The variant (id) of a unit, and since when; None for a forced one, which always applied."""

    variant_id: int
    since: datetime | None


class Exposed:
    """What the exposures in some events refer to, loaded with eight queries at most."""

    def __init__(self, events: Sequence[Event]) -> None:
        keys = {event.data["experiment"] for event in events}
        rows = Experiment.objects.filter(key__in=keys)
        self.experiments = {one.key: one for one in rows.prefetch_related("variants")}
        self.learners = ids_by_key(Learner, {one.learner for one in events if one.learner})
        self.runs = self._load_runs(events)
        self.placed = self._load_placed()
        self.courses = _courses_of(self.experiments.values())

    def _load_runs(self, events: Sequence[Event]) -> dict[tuple[int | None, str], int]:
        courses = {one.course_id for one in events if one.run_key}
        rows = CourseRun.objects.filter(course__in=courses).order_by() if courses else ()
        return {(one.course_id, one.key): one.pk for one in rows}

    def _load_placed(self) -> dict[tuple[int, int], Placed]:
        """Return the variants by experiment and unit (ids); forced ones replace assigned ones."""
        by_run = [one.pk for one in self.experiments.values() if _is_by_run(one)]
        by_learner = [one.pk for one in self.experiments.values() if not _is_by_run(one)]
        mine = Q(experiment__in=by_learner, learner__in=self.learners.values()) | Q(
            experiment__in=by_run, run__in=self.runs.values()
        )
        columns = ("experiment_id", "learner_id", "run_id", "variant_id")
        assigned = Assignment.objects.filter(mine).order_by().values_list(*columns, "assigned_at")
        forced = ForcedVariant.objects.filter(mine).order_by().values_list(*columns)
        found = {
            (experiment, learner or run or 0): Placed(variant, since)
            for experiment, learner, run, variant, since in assigned
        }
        return found | {
            (experiment, learner or run or 0): Placed(variant, None)
            for experiment, learner, run, variant in forced
        }

    def unit(self, event: Event, experiment: Experiment) -> int | None:
        """Return the learner or run (id) of an event; None if it names none that exists."""
        if _is_by_run(experiment):
            return self.runs.get((event.course_id, event.run_key))
        return self.learners.get(event.learner)

    def variant(self, event: Event, experiment: Experiment, placed: Placed) -> int | None:
        """Return the variant (id) that an event names, or else the unit's own; None if unknown."""
        key = event.data.get("variant")
        if key is None:
            return placed.variant_id
        return next((one.pk for one in experiment.variants.all() if one.key == key), None)


def problems(events: Sequence[Event]) -> dict[int, Problem]:
    """Return what is wrong with exposures that are about to be stored, by their index."""
    exposed = Exposed(events)
    found = {at: _problem(event, exposed) for at, event in enumerate(events)}
    return {at: problem for at, problem in found.items() if problem}


def _problem(event: Event, exposed: Exposed) -> Problem | None:
    experiment = exposed.experiments.get(event.data["experiment"])
    if experiment is None:
        text = gettext("data.experiment: there is no experiment “%(key)s”.")
        return "unknown_experiment", "data.experiment", text % {"key": event.data["experiment"]}
    return (
        _wrong_time(event, experiment)
        or _wrong_course(event, experiment, exposed)
        or _wrong_unit(event, experiment, exposed)
    )


def _wrong_time(event: Event, experiment: Experiment) -> Problem | None:
    names = {"experiment": experiment.name}
    started, stopped = experiment.started_at, experiment.stopped_at
    if started is None:
        text = gettext("data.experiment: “%(experiment)s” has not started.")
        return "not_started", "data.experiment", text % names
    if event.occurred_at < started - CLOCK_TOLERANCE:
        text = gettext("occurred_at: “%(experiment)s” started later, on %(moment)s.")
        text %= {**names, "moment": started.isoformat()}
        return "before_start", "occurred_at", text
    if stopped and event.occurred_at >= stopped:
        text = gettext("occurred_at: “%(experiment)s” ended on %(moment)s.")
        return "after_end", "occurred_at", text % {**names, "moment": stopped.isoformat()}
    return None


def _wrong_course(event: Event, experiment: Experiment, exposed: Exposed) -> Problem | None:
    courses = exposed.courses.get(experiment.pk)
    if event.course_id is None or courses is None or event.course_id in courses:
        return None
    text = gettext("course: “%(course)s” is not in the audience of “%(experiment)s”.")
    names = {"course": event.course_key, "experiment": experiment.name}
    return "outside_audience", "course", text % names


def _wrong_unit(event: Event, experiment: Experiment, exposed: Exposed) -> Problem | None:
    names = {"experiment": experiment.name}
    unit, field = exposed.unit(event, experiment), "run" if _is_by_run(experiment) else "learner"
    if unit is None:
        text = gettext("%(field)s: “%(experiment)s” needs the %(field)s that was exposed.")
        if field == "run":
            text = gettext(
                "run: “%(experiment)s” assigns runs; name the course and the run that was exposed."
            )
        return "missing", field, text % {**names, "field": field}
    placed = exposed.placed.get((experiment.pk, unit))
    if placed is None:
        text = gettext("%(field)s: has no variant of “%(experiment)s”.")
        return "not_assigned", field, text % {**names, "field": field}
    if placed.since and event.occurred_at < placed.since - CLOCK_TOLERANCE:
        text = gettext(
            "occurred_at: is before the assignment to a variant of “%(experiment)s” on %(moment)s."
        ) % {**names, "moment": placed.since.isoformat()}
        return "before_assignment", "occurred_at", text
    if exposed.variant(event, experiment, placed) is None:
        text = gettext(
            "data.variant: “%(experiment)s” has no variant “%(variant)s”. It has: %(variants)s."
        ) % {
            **names,
            "variant": event.data["variant"],
            "variants": ", ".join(one.key for one in experiment.variants.all()),
        }
        return "unknown_variant", "data.variant", text
    return None


def add(events: Sequence[Event]) -> None:
    """Record the exposures in events; of several of a unit to one variant, the earliest counts.

    Events that cannot be placed any more, because an experiment was deleted, are skipped.
    """
    exposed, zone = Exposed(events), reporting_clock.reporting_zone()
    first: dict[tuple[bool, int, int, int], datetime] = {}
    for event in events:
        experiment = exposed.experiments.get(event.data["experiment"])
        unit = exposed.unit(event, experiment) if experiment else None
        placed = exposed.placed.get((experiment.pk, unit)) if experiment and unit else None
        variant = exposed.variant(event, experiment, placed) if experiment and placed else None
        if experiment and unit and variant:
            key = (_is_by_run(experiment), experiment.pk, unit, variant)
            first[key] = min(event.occurred_at, first.get(key, event.occurred_at))
    for is_by_run, column in ((False, "learner_id"), (True, "run_id")):
        _store(column, {key[1:]: at for key, at in first.items() if key[0] == is_by_run}, zone)


def _store(column: str, first: Mapping[tuple[int, ...], datetime], zone: ZoneInfo) -> None:
    bulk_upsert.upsert(
        Exposure,
        ("experiment_id", column, "variant_id", "first_at", "first_on"),
        [(*ids, at, local_day(at, zone)) for ids, at in sorted(first.items())],
        conflict=f"experiment_id, {column}, variant_id",
        merge={
            "first_at": "smaller",
            # the day belongs to the moment, also when the time zone has changed
            "first_on": '{c} = CASE WHEN excluded."first_at" <= {t}."first_at" '
            "THEN excluded.{c} ELSE {t}.{c} END",
        },
    )


def _is_by_run(experiment: Experiment) -> bool:
    return experiment.unit == Experiment.Unit.RUN


def _courses_of(experiments: Collection[Experiment]) -> dict[int, set[int] | None]:
    """Return the courses (ids) of each audience; None for the whole site."""
    found: dict[int, set[int] | None] = {one.pk: None for one in experiments}
    ids = list(found)
    courses = Experiment.courses.through.objects.filter(experiment__in=ids)
    runs = Experiment.runs.through.objects.filter(experiment__in=ids)
    pairs = [
        *courses.values_list("experiment_id", "course_id"),
        *runs.values_list("experiment_id", "courserun__course_id"),
    ]
    for experiment, course in pairs if ids else ():
        found[experiment] = (found[experiment] or set()) | {course}
    return found
