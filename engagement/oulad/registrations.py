"""Registrations become enrolments, final results their completion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core import bulk_upsert
from curriculum import enrolling
from curriculum.enrolling import SignUp
from curriculum.models import Enrollment, Learner, Module
from curriculum.run_plans import RunPlan
from engagement.oulad.assessments import planned
from engagement.oulad.dataset import PREFIX, Dataset, by_student
from engagement.oulad.files import REGISTRATIONS, RESULTS
from engagement.oulad.presentations import Place, Row, is_near
from engagement.oulad.report import ImportReport

COMPLETED = ("Pass", "Distinction")
WITHDRAWN = "Withdrawn"
FINAL_RESULTS = (*COMPLETED, WITHDRAWN, "Fail")


def take(dataset: Dataset, place: Place) -> ImportReport:
    """Enrol everybody with the plan of the presentation, and note who left and when."""
    report = ImportReport()
    rows = _registered(dataset.rows(REGISTRATIONS, place), report)
    _enroll(dataset, place, rows)
    _withdraw(dataset, place, rows)
    return report


def _registered(rows: Iterable[Row], report: ImportReport) -> dict[int, Row]:
    found: dict[int, Row] = {}
    for row in rows:
        report.read += 1
        if not is_near(row["date_registration"]) or not is_near(row["date_unregistration"]):
            report.refuse("day out of range")
        elif row["id_student"] in found:
            report.refuse("registered twice")
        else:
            report.taken += 1
            missing = row["date_registration"] is None
            report.note("no day of registration, the start is taken", int(missing))
            found[row["id_student"]] = row
    return found


def _enroll(dataset: Dataset, place: Place, rows: Mapping[int, Row]) -> None:
    run, presentation = dataset.runs[place], dataset.presentations[place]
    learners = _learners(rows)
    enrolling.enroll(
        [
            SignUp(
                learner_id=learners[student],
                run_id=run.pk,
                enrolled_at=presentation.midnight(_day_of_registration(row)),
            )
            for student, row in rows.items()
        ],
        run_plans={run.pk: RunPlan.of(run, _modules(dataset, place))},
    )


def _day_of_registration(row: Row) -> int:
    """The day told, else the start; a few have left before it, and so were there by then."""
    told: int = row["date_registration"] or 0
    left: int | None = row["date_unregistration"]
    return told if left is None else min(told, left)


def _learners(students: Iterable[int]) -> dict[int, int]:
    """Make the learners that are not there; all their ids by the number of the student."""
    keys = [f"{PREFIX}{student}" for student in sorted(students)]
    rows = [(key, "", "", Learner.Kind.LEARNER) for key in keys]
    bulk_upsert.upsert(Learner, ("key", "name", "email", "kind"), rows, conflict="key")
    return by_student(Learner.objects.filter(key__in=keys).values_list("key", "pk"))


def _modules(dataset: Dataset, place: Place) -> list[Module]:
    """What is on the plan of the presentation, in its order."""
    lines = planned(dataset.assessments.values(), dataset.recorded)
    keys = {one.module for one in lines if one.place == place}
    return list(dataset.runs[place].course.modules.filter(key__in=keys).order_by("position"))


def _withdraw(dataset: Dataset, place: Place, rows: Mapping[int, Row]) -> None:
    presentation, enrolled = dataset.presentations[place], dataset.enrolled(place)
    enrolling.withdraw(
        (enrolled[student], presentation.noon(row["date_unregistration"]))
        for student, row in rows.items()
        if row["date_unregistration"] is not None
    )


def take_results(dataset: Dataset, place: Place) -> ImportReport:
    """Complete who passed, at the end of the presentation; who withdrew undated left then too."""
    report = ImportReport()
    presentation, results = dataset.presentations[place], _results(dataset, place, report)
    end = presentation.noon(presentation.last_day)
    left = Enrollment.objects.filter(run=dataset.runs[place], withdrawn_at__isnull=False)
    dated = set(left.values_list("pk", flat=True))
    withdrawn = {pk for pk, result in results.items() if result == WITHDRAWN}
    report.note("withdrawn without a day, the end is taken", len(withdrawn - dated))
    others = (results.keys() & dated) - withdrawn
    report.note("left on a day, yet with another result: both kept", len(others))
    enrolling.withdraw((pk, end) for pk in withdrawn - dated)
    completed = [(pk, end) for pk, result in results.items() if result in COMPLETED]
    enrolling.complete(completed, by_sender=True)
    return report


def _results(dataset: Dataset, place: Place, report: ImportReport) -> dict[int, str]:
    """The final result by enrolment."""
    enrolled, results = dataset.enrolled(place), dict[int, str]()
    for row in dataset.rows(RESULTS, place):
        report.read += 1
        enrollment = enrolled.get(row["id_student"])
        if enrollment is None:
            report.refuse("not registered in this presentation")
        elif row["final_result"] not in FINAL_RESULTS:
            report.refuse("unknown final result")
        elif enrollment in results:
            report.refuse("second result")
        else:
            report.taken += 1
            results[enrollment] = row["final_result"]
    return results
