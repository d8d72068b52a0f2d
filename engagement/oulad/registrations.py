"""Registrations become enrolments, final results their completion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from curriculum import bulk, enrolling
from curriculum.enrolling import RunPlan, SignUp
from curriculum.models import Enrollment, Learner, Module
from engagement.oulad import tables
from engagement.oulad.assessments import planned
from engagement.oulad.dataset import PREFIX, Dataset, by_student
from engagement.oulad.files import REGISTRATIONS, RESULTS
from engagement.oulad.presentations import Place, Row, is_near, place_of
from engagement.oulad.report import Report

COMPLETED = ("Pass", "Distinction")
WITHDRAWN = "Withdrawn"
RESULT_VALUES = (*COMPLETED, WITHDRAWN, "Fail")


def take_registrations(dataset: Dataset) -> Report:
    """Enrol everybody with the plan of their presentation, and note who left and when."""
    report = Report()
    by_place = _registered(tables.rows(dataset.source, REGISTRATIONS), dataset, report)
    learners = _learners({student for rows in by_place.values() for student in rows})
    modules = _modules(dataset)
    for place, rows in by_place.items():
        _enroll(dataset, place, rows, learners, modules[place])
        _withdraw(dataset, place, rows)
    return report


def _registered(
    rows: Iterable[Row], dataset: Dataset, report: Report
) -> dict[Place, dict[int, Row]]:
    found: dict[Place, dict[int, Row]] = defaultdict(dict)
    for row in rows:
        report.read += 1
        if place_of(row) not in dataset.presentations:
            report.refuse("no such presentation")
        elif not is_near(row["date_registration"]) or not is_near(row["date_unregistration"]):
            report.refuse("day out of range")
        elif row["id_student"] in found[place_of(row)]:
            report.refuse("registered twice")
        else:
            report.taken += 1
            missing = row["date_registration"] is None
            report.note("no day of registration, the start is taken", int(missing))
            found[place_of(row)][row["id_student"]] = row
    return found


def _learners(students: set[int]) -> dict[int, int]:
    """Make the learners that are not there; all their ids by the number of the student."""
    rows = [(f"{PREFIX}{student}", "", "", Learner.Kind.LEARNER) for student in sorted(students)]
    bulk.upsert(Learner, ("key", "name", "email", "kind"), rows, conflict="key")
    there = Learner.objects.filter(key__startswith=PREFIX).values_list("key", "pk")
    return by_student(there)


def _modules(dataset: Dataset) -> dict[Place, list[Module]]:
    """What is on the plan of each presentation, in its order."""
    keys: dict[Place, set[str]] = defaultdict(set)
    for one in planned(dataset.assessments.values(), dataset.recorded):
        keys[one.place].add(one.module)
    return {
        place: list(run.course.modules.filter(key__in=keys[place]).order_by("position"))
        for place, run in dataset.runs.items()
    }


def _enroll(
    dataset: Dataset,
    place: Place,
    rows: Mapping[int, Row],
    learners: Mapping[int, int],
    modules: list[Module],
) -> None:
    run, presentation = dataset.runs[place], dataset.presentations[place]
    enrolling.enroll(
        [
            SignUp(
                learner_id=learners[student],
                run_id=run.pk,
                enrolled_at=presentation.midnight(row["date_registration"] or 0),
            )
            for student, row in sorted(rows.items())
        ],
        run_plans={run.pk: RunPlan.of(run, modules)},
    )


def _withdraw(dataset: Dataset, place: Place, rows: Mapping[int, Row]) -> None:
    presentation, enrolled = dataset.presentations[place], dataset.enrolled(place)
    enrolling.withdraw(
        {
            enrolled[student]: presentation.noon(row["date_unregistration"])
            for student, row in rows.items()
            if row["date_unregistration"] is not None
        }
    )


def take_results(dataset: Dataset) -> Report:
    """Complete who passed, at the end of the presentation; who withdrew undated left then too."""
    report = Report()
    by_place: dict[Place, list[Row]] = defaultdict(list)
    for row in tables.rows(dataset.source, RESULTS):
        report.read += 1
        if place_of(row) in dataset.presentations:
            by_place[place_of(row)].append(row)
        else:
            report.refuse("no such presentation")
    for place, rows in by_place.items():
        _finish(dataset, place, _results(dataset, place, rows, report), report)
    return report


def _results(dataset: Dataset, place: Place, rows: Iterable[Row], report: Report) -> dict[int, str]:
    """The final result by enrolment."""
    enrolled, results = dataset.enrolled(place), dict[int, str]()
    for row in rows:
        enrollment = enrolled.get(row["id_student"])
        if enrollment is None:
            report.refuse("not registered in this presentation")
        elif row["final_result"] not in RESULT_VALUES:
            report.refuse("unknown final result")
        elif enrollment in results:
            report.refuse("second result")
        else:
            report.taken += 1
            results[enrollment] = row["final_result"]
    return results


def _finish(dataset: Dataset, place: Place, results: Mapping[int, str], report: Report) -> None:
    presentation = dataset.presentations[place]
    end = presentation.noon(presentation.last_day)
    left = set(
        Enrollment.objects.filter(run=dataset.runs[place])
        .exclude(withdrawn_at=None)
        .values_list("pk", flat=True)
    )
    undated = {pk for pk, result in results.items() if result == WITHDRAWN and pk not in left}
    dated = {pk for pk, result in results.items() if result != WITHDRAWN and pk in left}
    report.note("withdrawn without a day, the end is taken", len(undated))
    report.note("left on a day, yet with another result: both kept", len(dated))
    enrolling.withdraw(dict.fromkeys(undated, end))
    completed = {pk: end for pk, result in results.items() if result in COMPLETED}
    enrolling.complete(completed, by_sender=True)
