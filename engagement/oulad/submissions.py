"""Import submissions as results, quiz attempts and progress."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from core.database import bulk_upsert
from curriculum.models import PlannedModule
from engagement.models import AssessmentResult, LearningObject, ModuleProgress, QuizAttempt
from engagement.oulad.assessments import COMPUTER
from engagement.oulad.dataset import Dataset
from engagement.oulad.presentations import Codes, is_near
from engagement.oulad.report import ImportReport
from engagement.oulad.source import SUBMISSIONS

# when a planned module was reached, and when it was done (None: it was not)
Progress = tuple[datetime, datetime | None]


@dataclass
class Submissions:
    """The submissions of a presentation: moments and scores by (enrollment, assessment) id."""

    at: dict[tuple[int, int], datetime] = field(default_factory=dict)
    scores: dict[tuple[int, int], float] = field(default_factory=dict)


def import_submissions(dataset: Dataset, codes: Codes) -> ImportReport:
    report = ImportReport()
    _write(dataset, codes, _valid_submissions(dataset, codes, report))
    written = AssessmentResult.objects.filter(
        import_run=dataset.import_run, enrollment__run=dataset.runs[codes]
    )
    report.note("already scored by another sender, kept", report.imported - written.count())
    return report


def _valid_submissions(dataset: Dataset, codes: Codes, report: ImportReport) -> Submissions:
    enrollments, noon = dataset.enrollments(codes), cache(dataset.presentations[codes].noon)
    found = Submissions()
    for row in dataset.rows(SUBMISSIONS, codes):
        report.read += 1
        pair = enrollments.get(row["id_student"], 0), row["id_assessment"]
        if not pair[0]:
            report.reject("not registered in this presentation")
        elif not is_near(row["date_submitted"]):
            report.reject("day out of range")
        elif pair in found.at:
            report.reject("submitted twice")
        else:
            found.at[pair] = noon(row["date_submitted"])
            _add_score(pair, row["score"], found, report)
    return found


def _add_score(
    pair: tuple[int, int], score: float | None, found: Submissions, report: ImportReport
) -> None:
    if score is None:
        report.reject("no score, counted as submitted only")
    elif not 0 <= score <= 100:
        report.reject("score not between 0 and 100, counted as submitted only")
    else:
        report.imported += 1
        found.scores[pair] = score / 100


def _write(dataset: Dataset, codes: Codes, found: Submissions) -> None:
    objects = _objects(dataset, codes)
    import_run = dataset.import_run.pk
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
                import_run,
            )
            for pair, score in sorted(found.scores.items())
        ],
        conflict="enrollment_id, assessment_id, attempt",
    )
    bulk_upsert.upsert(
        QuizAttempt,
        ("enrollment_id", "quiz_id", "attempted_at", "import_run_id"),
        [
            (pair[0], objects[LearningObject.Kind.QUIZ, pair[1]], at, import_run)
            for pair, at in sorted(found.at.items())
            if dataset.assessments[pair[1]].type == COMPUTER
        ],
        conflict="enrollment_id, quiz_id",
    )
    _write_progress(dataset, codes, found.at)


def _objects(dataset: Dataset, codes: Codes) -> dict[tuple[str, int], int]:
    """The learning objects (ids) by kind and the publisher's id of the assessment."""
    rows = LearningObject.objects.filter(course=dataset.runs[codes].course)
    ids = {(kind, key): pk for kind, key, pk in rows.values_list("kind", "key", "pk")}
    kinds = (LearningObject.Kind.ASSESSMENT, LearningObject.Kind.QUIZ)
    return {
        (kind, one): ids[kind, str(one)]
        for one, assessment in dataset.assessments.items()
        for kind in kinds
        if assessment.codes == codes and (kind, str(one)) in ids
    }


def _write_progress(
    dataset: Dataset, codes: Codes, submitted_at: Mapping[tuple[int, int], datetime]
) -> None:
    run = dataset.runs[codes]
    modules = dict(run.course.modules.values_list("key", "pk"))
    done = {
        (enrollment, modules[dataset.assessments[assessment].module]): at
        for (enrollment, assessment), at in submitted_at.items()
    }
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
    """Go through each plan backwards: a submission reaches its module and all before it."""
    reached: datetime | None = None
    current = 0
    for planned, enrollment, module in lines:
        if enrollment != current:
            current, reached = enrollment, None
        at = done.get((enrollment, module))
        reached = min(filter(None, (reached, at)), default=None)
        if reached:
            yield planned, (reached, at)
