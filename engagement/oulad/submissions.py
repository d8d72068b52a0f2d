"""What was handed in: scores, quizzes tried, and how far each plan has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core import bulk_upsert
from curriculum.models import PlannedModule
from engagement.models import AssessmentResult, LearningObject, ModuleProgress, QuizAttempt
from engagement.oulad.assessments import COMPUTER
from engagement.oulad.dataset import Dataset
from engagement.oulad.files import SUBMISSIONS
from engagement.oulad.presentations import Place, is_near
from engagement.oulad.report import ImportReport

# what has become of one line of a plan: reached, and done if it is
Progress = tuple[datetime, datetime | None]


@dataclass
class HandedIn:
    """The submissions of one presentation, as (enrolment, assessment) to when and how well."""

    at: dict[tuple[int, int], datetime] = field(default_factory=dict)
    scores: dict[tuple[int, int], float] = field(default_factory=dict)


def take(dataset: Dataset, place: Place) -> ImportReport:
    report = ImportReport()
    _write(dataset, place, _handed_in(dataset, place, report))
    there = AssessmentResult.objects.filter(
        import_run=dataset.import_run, enrollment__run=dataset.runs[place]
    )
    report.note("scored before by another sender, left as it was", report.taken - there.count())
    return report


def _handed_in(dataset: Dataset, place: Place, report: ImportReport) -> HandedIn:
    enrolled, presentation = dataset.enrolled(place), dataset.presentations[place]
    found = HandedIn()
    for row in dataset.rows(SUBMISSIONS, place):
        report.read += 1
        pair = enrolled.get(row["id_student"], 0), row["id_assessment"]
        if not pair[0]:
            report.refuse("not registered in this presentation")
        elif not is_near(row["date_submitted"]):
            report.refuse("day out of range")
        elif pair in found.at:
            report.refuse("handed in twice")
        else:
            found.at[pair] = presentation.noon(row["date_submitted"])
            _score(pair, row["score"], found, report)
    return found


def _score(
    pair: tuple[int, int], score: float | None, found: HandedIn, report: ImportReport
) -> None:
    if score is None:
        report.refuse("no score, counted as handed in only")
    elif not 0 <= score <= 100:
        report.refuse("score not from 0 to 100, counted as handed in only")
    else:
        report.taken += 1
        found.scores[pair] = score / 100


def _write(dataset: Dataset, place: Place, found: HandedIn) -> None:
    objects = _objects(dataset, place)
    run = dataset.import_run.pk
    bulk_upsert.upsert(
        AssessmentResult,
        ("enrollment_id", "assessment_id", "attempt", "graded_at", "score", "import_run_id"),
        [
            (
                pair[0],
                objects[LearningObject.Kind.ASSESSMENT, pair[1]],
                1,
                found.at[pair],
                score,
                run,
            )
            for pair, score in sorted(found.scores.items())
        ],
        conflict="enrollment_id, assessment_id, attempt",
    )
    bulk_upsert.upsert(
        QuizAttempt,
        ("enrollment_id", "quiz_id", "attempted_at", "import_run_id"),
        [
            (pair[0], objects[LearningObject.Kind.QUIZ, pair[1]], at, run)
            for pair, at in sorted(found.at.items())
            if dataset.assessments[pair[1]].type == COMPUTER
        ],
        conflict="enrollment_id, quiz_id",
    )
    _write_progress(dataset, place, found.at)


def _objects(dataset: Dataset, place: Place) -> dict[tuple[str, int], int]:
    rows = LearningObject.objects.filter(course=dataset.runs[place].course)
    ids = {(kind, key): pk for kind, key, pk in rows.values_list("kind", "key", "pk")}
    kinds = (LearningObject.Kind.ASSESSMENT, LearningObject.Kind.QUIZ)
    wanted = [one for one in dataset.assessments if dataset.assessments[one].place == place]
    return {
        (kind, one): ids[kind, str(one)]
        for one in wanted
        for kind in kinds
        if (kind, str(one)) in ids
    }


def _write_progress(dataset: Dataset, place: Place, at: Mapping[tuple[int, int], datetime]) -> None:
    run, course = dataset.runs[place], dataset.runs[place].course
    modules = dict(course.modules.values_list("key", "pk"))
    done = {(one[0], modules[dataset.assessments[one[1]].module]): when for one, when in at.items()}
    lines = PlannedModule.objects.filter(enrollment__run=run).order_by("enrollment_id", "-position")
    bulk_upsert.upsert(
        ModuleProgress,
        ("planned_id", "reached_at", "done_at", "is_waived", "import_run_id"),
        [
            (planned, reached, done_at, False, dataset.import_run.pk)
            for planned, (reached, done_at) in _progress(
                lines.values_list("pk", "enrollment_id", "module_id"), done
            )
        ],
        conflict="planned_id",
        merge={"reached_at": "smaller", "done_at": "smaller"},
    )


def _progress(
    lines: Iterable[tuple[int, int, int]], done: Mapping[tuple[int, int], datetime]
) -> Iterator[tuple[int, Progress]]:
    """Follow each plan from its end: a line is reached by the first trace in it or after it."""
    reached: datetime | None = None
    current = 0
    for planned, enrollment, module in lines:
        if enrollment != current:
            current, reached = enrollment, None
        at = done.get((enrollment, module))
        reached = min(filter(None, (reached, at)), default=None)
        if reached:
            yield planned, (reached, at)
