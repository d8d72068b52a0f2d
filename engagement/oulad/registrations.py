"""Import registrations as enrollments, and final results as completions and withdrawals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from core.database import bulk_upsert
from curriculum import enrolling
from curriculum.enrolling import SignUp
from curriculum.models import Enrollment, Learner, Module
from curriculum.run_plans import RunPlan
from curriculum.signals import learners_created
from engagement.oulad.assessments import planned
from engagement.oulad.dataset import Dataset, by_student
from engagement.oulad.presentations import Codes, Row, is_near
from engagement.oulad.report import PREFIX, ImportReport
from engagement.oulad.source import REGISTRATIONS, RESULTS

COMPLETED = ("Pass", "Distinction")
WITHDRAWN = "Withdrawn"
FINAL_RESULTS = (*COMPLETED, WITHDRAWN, "Fail")


def import_registrations(dataset: Dataset, codes: Codes) -> ImportReport:
    """Enroll all students with the plan of the presentation, and withdraw those who left."""
    report = ImportReport()
    rows = _valid_rows(dataset.rows(REGISTRATIONS, codes), report)
    _enroll(dataset, codes, rows)
    presentation, enrollments = dataset.presentations[codes], dataset.enrollments(codes)
    enrolling.withdraw(
        (enrollments[student], presentation.noon(row["date_unregistration"]))
        for student, row in rows.items()
        if row["date_unregistration"] is not None
    )
    return report


def _valid_rows(rows: Iterable[Row], report: ImportReport) -> dict[int, Row]:
    """The valid rows by student number."""
    found: dict[int, Row] = {}
    for row in rows:
        report.read += 1
        if not is_near(row["date_registration"]) or not is_near(row["date_unregistration"]):
            report.reject("day out of range")
        elif row["id_student"] in found:
            report.reject("registered twice")
        else:
            report.imported += 1
            missing = row["date_registration"] is None
            report.note("no day of registration, enrolled at the start", int(missing))
            found[row["id_student"]] = row
    return found


def _enroll(dataset: Dataset, codes: Codes, rows: Mapping[int, Row]) -> None:
    run, midnight = dataset.runs[codes], cache(dataset.presentations[codes].midnight)
    learners = _learners(rows)
    enrolling.enroll(
        [
            SignUp(
                learner_id=learners[student],
                run_id=run.pk,
                enrolled_at=midnight(_day_of_registration(row)),
            )
            for student, row in rows.items()
        ],
        run_plans={run.pk: RunPlan.of(run, _modules(dataset, codes))},
    )


def _day_of_registration(row: Row) -> int:
    """The given day, else the start, but not after the day on which the student left."""
    registered: int = row["date_registration"] or 0
    left: int | None = row["date_unregistration"]
    return registered if left is None else min(registered, left)


def _learners(students: Iterable[int]) -> dict[int, int]:
    """Create missing learners; returns the ids of all by student number."""
    keys = [f"{PREFIX}{student}" for student in sorted(students)]
    rows = [(key, "", "", Learner.Kind.LEARNER) for key in keys]
    bulk_upsert.upsert(Learner, ("key", "name", "email", "kind"), rows, conflict="key")
    learners_created.send(Learner, keys=keys)
    return by_student(Learner.objects.filter(key__in=keys).values_list("key", "pk"))


def _modules(dataset: Dataset, codes: Codes) -> list[Module]:
    """The modules on the plan of the presentation, in order."""
    lines = planned(dataset.assessments.values(), dataset.submitted)
    keys = {one.module for one in lines if one.codes == codes}
    return list(dataset.runs[codes].course.modules.filter(key__in=keys).order_by("position"))


def import_results(dataset: Dataset, codes: Codes) -> ImportReport:
    """Complete students who passed and withdraw those who withdrew, at the last day's noon.

    A student who withdrew on a known day stays withdrawn on that day.
    """
    report = ImportReport()
    presentation, results = dataset.presentations[codes], _valid_results(dataset, codes, report)
    end = presentation.noon(presentation.last_day)
    left = Enrollment.objects.filter(run=dataset.runs[codes], withdrawn_at__isnull=False)
    dated = set(left.values_list("pk", flat=True))
    withdrawn = {pk for pk, result in results.items() if result == WITHDRAWN}
    report.note("withdrawn without a day, withdrawn at the end", len(withdrawn - dated))
    others = (results.keys() & dated) - withdrawn
    report.note("left on a day but has another result, both kept", len(others))
    enrolling.withdraw((pk, end) for pk in withdrawn - dated)
    completed = [(pk, end) for pk, result in results.items() if result in COMPLETED]
    enrolling.complete(completed, by_sender=True)
    return report


def _valid_results(dataset: Dataset, codes: Codes, report: ImportReport) -> dict[int, str]:
    """The final results by enrollment id."""
    enrollments, results = dataset.enrollments(codes), dict[int, str]()
    for row in dataset.rows(RESULTS, codes):
        report.read += 1
        enrollment = enrollments.get(row["id_student"])
        if enrollment is None:
            report.reject("not registered in this presentation")
        elif row["final_result"] not in FINAL_RESULTS:
            report.reject("unknown final result")
        elif enrollment in results:
            report.reject("second result")
        else:
            report.imported += 1
            results[enrollment] = row["final_result"]
    return results
