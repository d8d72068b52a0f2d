"""Handle the kinds of events that engagement understands; docs/events.md documents them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext

from core.database.compiled_queries import CompiledQuery, given_ids
from core.external_keys import ids_by_key
from curriculum import enrolling
from curriculum.enrolling import SignUp
from curriculum.models import CourseRun, Learner
from engagement.event_data import (
    LONGEST_VIDEO,
    CourseDefinition,
    GradeData,
    PlayerData,
    SignUpData,
    WatchedData,
)
from engagement.facts import (
    activity,
    activity_moments,
    assessments,
    course_objects,
    progress,
    quizzes,
    reset,
    videos,
)
from intake.event_batch import EventBatch
from intake.event_kinds import EventSubject, handles, resets_enrollments, undoes_events
from intake.models import Event
from statements import first_activity

CATEGORY = "engagement"

resets_enrollments(reset.reset_enrollments)
undoes_events(course_objects.forget)


@handles(
    "course.defined",
    about=EventSubject.COURSE,
    data=CourseDefinition,
    required_scope="curriculum:write",
)
def course_defined(batch: EventBatch) -> None:
    """The course now has these modules, objects and runs. Plans of existing enrollments stay."""
    course_objects.define_courses(batch)


RUNS = CompiledQuery(
    CourseRun.objects.filter(course__in=given_ids("courses"))
    .order_by()
    .values_list("course_id", "key", "pk")
)


@handles("enrollment.started", about=EventSubject.SIGN_UP, data=SignUpData)
def enrollment_started(batch: EventBatch) -> None:
    """The learner enrolled in a run (`run`, or the course's only one) at `occurred_at`."""
    events = batch.events
    learners = ids_by_key(Learner, (event.learner for event in events))
    runs: dict[int, dict[str, int]] = {}
    for course, key, pk in RUNS.run(courses={event.course_id for event in events}):
        runs.setdefault(course, {})[key] = pk
    sign_ups = [
        SignUp(
            learner_id=learners[event.learner],
            run_id=_run_id(runs[event.course_id or 0], event.run_key),
            enrolled_at=event.occurred_at,
            is_certificate_track=_is_certificate_track(event.data.get("track")),
            is_presumed=first_activity.is_made(event),
        )
        for event in events
    ]
    with progress.marking_newly_completable_courses(batch):
        enrolling.enroll(sign_ups, by_event=True, changes=batch.changes)
    batch.changes.update_freshness(CATEGORY, batch.events)


def _is_certificate_track(track: str | None) -> bool | None:
    return None if track is None else track == "certificate"


def _run_id(runs: dict[str, int], key: str) -> int:
    # an event without a run is accepted only where the course has a single one
    return runs[key] if key else next(iter(runs.values()))


@handles("enrollment.withdrawn")
def enrollment_withdrawn(batch: EventBatch) -> None:
    """The learner left the run. Before the refund cut-off, this cancels the enrollment."""
    enrolling.withdraw(_moments(batch.events), by_event=True, changes=batch.changes)
    batch.changes.update_freshness(CATEGORY, batch.events)


@handles("enrollment.paused")
def enrollment_paused(batch: EventBatch) -> None:
    """The learner pauses. Later due dates wait until the pause ends."""
    starts = _moments(batch.events)
    enrolling.pause(starts, by_event=True, changes=batch.changes)
    enrolling.record_activity(activity_moments.first_after(starts), changes=batch.changes)
    batch.changes.update_freshness(CATEGORY, batch.events)


@handles("enrollment.resumed")
def enrollment_resumed(batch: EventBatch) -> None:
    """The pause ended. Due dates after its start move by its length."""
    enrolling.resume(_moments(batch.events), by_event=True, changes=batch.changes)
    batch.changes.update_freshness(CATEGORY, batch.events)


@handles("course.completed")
def course_completed(batch: EventBatch) -> None:
    """The learner completed the run, whatever the progress in its modules."""
    with progress.marking_newly_completable_courses(batch):
        enrolling.complete(
            _moments(batch.events), by_sender=True, by_event=True, changes=batch.changes
        )
    batch.changes.update_freshness(CATEGORY, batch.events)


@handles("module.started", needs_module=True)
def module_started(batch: EventBatch) -> None:
    """The learner opened a module. It and all modules before it count as reached."""
    _add_activity(batch)


@handles("module.completed", needs_module=True)
def module_completed(batch: EventBatch) -> None:
    """The learner completed a module."""
    _add_activity(batch)


@handles("module.waived", needs_module=True)
def module_waived(batch: EventBatch) -> None:
    """The learner does not have to do a module. It counts as completed."""
    batch.at_end(progress.update_progress, batch.events)
    batch.changes.update_freshness(CATEGORY, batch.events)


@handles("content.viewed")
def content_viewed(batch: EventBatch) -> None:
    """The learner read or listened to something. This is activity, but not productive."""
    _add_activity(batch)


@handles("video.watched", data=WatchedData, needs_object=True)
def video_watched(batch: EventBatch) -> None:
    """The learner played these segments of a video, in seconds from its start."""
    videos.add_watching(batch)
    _add_activity(batch)


def _check_position(value: float | None, data: PlayerData, at: datetime) -> tuple[str, str] | None:
    if value is None or 0 <= value <= LONGEST_VIDEO:
        return None
    sentence = gettext("The position must be between 0 and %(longest)s seconds, not %(value)s.")
    return "value", sentence % {"longest": LONGEST_VIDEO, "value": f"{value:.15g}"}


@handles(
    "video.played", data=PlayerData, needs_object=True, needs_value=True, check=_check_position
)
def video_played(batch: EventBatch) -> None:
    """The player started playing at `value` seconds."""
    videos.add_watching(batch)
    _add_activity(batch)


@handles(
    "video.paused", data=PlayerData, needs_object=True, needs_value=True, check=_check_position
)
def video_paused(batch: EventBatch) -> None:
    """The player stopped at `value` seconds: it was paused, moved or at the end."""
    videos.add_watching(batch)
    _add_activity(batch)


@handles("quiz.attempted", needs_object=True)
def quiz_attempted(batch: EventBatch) -> None:
    """The learner tried a quiz."""
    quizzes.add_attempts(batch)
    _add_activity(batch)


@handles("question.answered")
def question_answered(batch: EventBatch) -> None:
    """The learner answered a question, in a quiz or elsewhere."""
    _add_activity(batch)


@handles("assignment.submitted")
def assignment_submitted(batch: EventBatch) -> None:
    """The learner submitted an assignment."""
    _add_activity(batch)


@handles("discussion.posted")
def discussion_posted(batch: EventBatch) -> None:
    """The learner posted in a discussion."""
    _add_activity(batch)


@handles("note.written")
def note_written(batch: EventBatch) -> None:
    """The learner wrote a note."""
    _add_activity(batch)


def _check_score(value: float | None, data: GradeData, at: datetime) -> tuple[str, str] | None:
    if value is None or 0 <= value <= data.max:
        return None
    sentence = gettext("The score must be between 0 and data.max (%(max)s), not %(value)s.")
    return "value", sentence % {"max": f"{data.max:.15g}", "value": f"{value:.15g}"}


@handles(
    "assessment.graded", data=GradeData, needs_object=True, needs_value=True, check=_check_score
)
def assessment_graded(batch: EventBatch) -> None:
    """A learner's attempt at an assessment was graded: `value` out of `data.max`."""
    assessments.grade(batch)
    batch.at_end(progress.update_progress, batch.events)
    batch.changes.update_freshness(CATEGORY, batch.events)


def _add_activity(batch: EventBatch) -> None:
    """Handle events that show the learner active."""
    batch.at_end(activity.add_activity, batch.events)
    batch.at_end(activity.end_pauses, batch.events)
    batch.at_end(progress.update_progress, batch.events)
    batch.changes.update_freshness(CATEGORY, batch.events)


def _enrollments(events: Sequence[Event]) -> set[int]:
    return {event.enrollment_id for event in events if event.enrollment_id is not None}


def _moments(events: Sequence[Event]) -> list[tuple[int, datetime]]:
    return [(event.enrollment_id or 0, event.occurred_at) for event in events]
