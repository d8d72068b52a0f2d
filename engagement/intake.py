"""The kinds of events that engagement understands; docs/events.md tells senders of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.external_keys import ids_by_key
from curriculum import enrolling
from curriculum.enrolling import SignUp
from curriculum.models import CourseRun, Learner
from engagement.definitions import Definition
from engagement.facts import (
    activity,
    assessments,
    batch_work,
    course_objects,
    progress,
    quizzes,
    reset,
    videos,
)
from intake.event_kinds import Data, EventSubject, handles, resets_course, resets_enrollments
from intake.models import Event

resets_course(reset.reset)
resets_enrollments(reset.reset_enrollments)

Seconds = Annotated[float, Field(ge=0, le=7 * 24 * 3600)]
Share = Annotated[float, Field(ge=0, le=1)]


@handles(
    "course.defined",
    about=EventSubject.COURSE,
    data=Definition,
    required_scope="curriculum:write",
)
def course_defined(events: Sequence[Event]) -> None:
    """A course has these modules, objects and runs now; plans of enrolments that exist stay."""
    course_objects.define(events)


class SignedUp(Data):
    """How the learner came, and what for."""

    track: Annotated[
        Literal["certificate", "audit"] | None,
        Field(description="`certificate` where one is to be earned; else `audit`, the default."),
    ] = None
    referral_code: Annotated[
        str | None, Field(max_length=40, description="Code of the learner who referred this one.")
    ] = None


@handles("enrollment.started", about=EventSubject.SIGN_UP, data=SignedUp)
def enrollment_started(events: Sequence[Event]) -> None:
    """A learner enrolled in a run (`run`, or the course's only one) at `occurred_at`."""
    learners = ids_by_key(Learner, (event.learner for event in events))
    runs: dict[int, dict[str, int]] = {}
    entered = CourseRun.objects.filter(course__in={event.course_id for event in events})
    for course, key, pk in entered.order_by().values_list("course_id", "key", "pk"):
        runs.setdefault(course, {})[key] = pk
    sign_ups = [
        SignUp(
            learner_id=learners[event.learner],
            run_id=_run(runs[event.course_id or 0], event.run_key),
            enrolled_at=event.occurred_at,
            is_certificate_track=_is_certificate_track(event.data.get("track")),
        )
        for event in events
    ]
    with progress.becoming_completable(events):
        new = enrolling.enroll(sign_ups, by_event=True)
    progress.mark_plans(one.pk for one in new)
    batch_work.update_freshness(events)


def _is_certificate_track(track: str | None) -> bool | None:
    return None if track is None else track == "certificate"


def _run(runs: dict[str, int], key: str) -> int:
    return runs[key] if key else next(iter(runs.values()))


@handles("enrollment.withdrawn")
def enrollment_withdrawn(events: Sequence[Event]) -> None:
    """The learner left the run. Before the refund cut-off, that cancels the enrollment."""
    enrolling.withdraw(_moments(events), by_event=True)
    batch_work.update_freshness(events)


@handles("enrollment.paused")
def enrollment_paused(events: Sequence[Event]) -> None:
    """The learner pauses; what is due later waits until the pause ends."""
    enrolling.pause(_moments(events), by_event=True)
    enrolling.record_moments(activity.moments_of(_enrollments(events)))
    batch_work.update_freshness(events)


@handles("enrollment.resumed")
def enrollment_resumed(events: Sequence[Event]) -> None:
    """The pause ended; what was due after its start moves by its length."""
    enrolling.resume(_moments(events), by_event=True)
    batch_work.update_freshness(events)


@handles("course.completed")
def course_completed(events: Sequence[Event]) -> None:
    """The sender says that the learner completed the run, whatever the modules say."""
    with progress.becoming_completable(events):
        enrolling.complete(_moments(events), by_sender=True, by_event=True)
    progress.mark_due(_enrollments(events))
    batch_work.update_freshness(events)


@handles("module.started", needs_module=True)
def module_started(events: Sequence[Event]) -> None:
    """The learner opened a module; that and the modules before it count as reached."""
    _act(events)


@handles("module.completed", needs_module=True)
def module_completed(events: Sequence[Event]) -> None:
    """The learner is done with a module."""
    _act(events)


@handles("module.waived", needs_module=True)
def module_waived(events: Sequence[Event]) -> None:
    """The learner need not do a module; it counts as done."""
    batch_work.at_batch_end(progress.advance, events)
    batch_work.update_freshness(events)


@handles("content.viewed")
def content_viewed(events: Sequence[Event]) -> None:
    """The learner read or listened to something. Active, not productive."""
    _act(events)


class Watched(Data):
    """What was played since the last report."""

    segments: Annotated[
        list[tuple[Seconds, Seconds]],
        Field(min_length=1, max_length=1_000, description="Stretches played: [[from, to], …]."),
    ]
    duration: Annotated[Seconds, Field(gt=0, description="Length of the video.")] | None = None

    @model_validator(mode="after")
    def _forwards(self) -> Watched:
        for begin, end in self.segments:
            if end < begin:
                raise ValueError(f"segment [{begin:.15g}, {end:.15g}] ends before it begins")
        return self


@handles("video.watched", data=Watched, needs_object=True)
def video_watched(events: Sequence[Event]) -> None:
    """The learner played these stretches of a video, in seconds from its start."""
    videos.watch(events)
    _act(events)


class PlayerData(Data):
    """Where the player was goes in `value`, in seconds from the video's start."""

    duration: Annotated[Seconds, Field(gt=0, description="Length of the video.")] | None = None


def _position(value: float | None, data: PlayerData, at: datetime) -> tuple[str, str] | None:
    if value is None or 0 <= value <= LONGEST_VIDEO:
        return None
    return "value", f"a position is 0 to {LONGEST_VIDEO} seconds; {value:.15g} is not."


LONGEST_VIDEO = 7 * 24 * 3600


@handles("video.played", data=PlayerData, needs_object=True, needs_value=True, check=_position)
def video_played(events: Sequence[Event]) -> None:
    """The player began to play at `value` seconds."""
    videos.watch(events)
    _act(events)


@handles("video.paused", data=PlayerData, needs_object=True, needs_value=True, check=_position)
def video_paused(events: Sequence[Event]) -> None:
    """The player stopped at `value` seconds: paused, sought away or finished."""
    videos.watch(events)
    _act(events)


@handles("quiz.attempted", needs_object=True)
def quiz_attempted(events: Sequence[Event]) -> None:
    """The learner tried a quiz."""
    quizzes.attempt(events)
    _act(events)
    batch_work.at_batch_end(quizzes.mark_reached, events)


@handles("question.answered")
def question_answered(events: Sequence[Event]) -> None:
    """The learner answered a question, in a quiz or elsewhere."""
    _act(events)


@handles("assignment.submitted")
def assignment_submitted(events: Sequence[Event]) -> None:
    """The learner handed something in."""
    _act(events)


@handles("discussion.posted")
def discussion_posted(events: Sequence[Event]) -> None:
    """The learner wrote in a discussion."""
    _act(events)


@handles("note.written")
def note_written(events: Sequence[Event]) -> None:
    """The learner wrote a note."""
    _act(events)


class Item(Data):
    """One question of a graded attempt."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    score: Annotated[Share, Field(description="0–1; 1 is correct.")]


class Graded(Data):
    """The score goes in `value`."""

    attempt: Annotated[int, Field(ge=1, le=10_000, description="Which attempt, from 1.")] = 1
    max: Annotated[float, Field(gt=0, le=1e9, description="What `value` is out of.")] = 1
    items: Annotated[list[Item], Field(max_length=1_000, description="The questions.")] = Field(
        default_factory=list
    )

    @model_validator(mode="after")
    def _each_once(self) -> Graded:
        if len({item.id for item in self.items}) < len(self.items):
            raise ValueError("an item stands in the attempt twice")
        return self


def _score(value: float | None, data: Graded, at: datetime) -> tuple[str, str] | None:
    if value is None or 0 <= value <= data.max:
        return None
    return "value", f"a score is 0 to data.max ({data.max:.15g}); {value:.15g} is not."


@handles("assessment.graded", data=Graded, needs_object=True, needs_value=True, check=_score)
def assessment_graded(events: Sequence[Event]) -> None:
    """An attempt of the learner at an assessment was graded: `value` out of `data.max`."""
    assessments.grade(events)
    batch_work.at_batch_end(progress.advance, events)
    batch_work.update_freshness(events)


def _act(events: Sequence[Event]) -> None:
    """What every activity of a learner does."""
    batch_work.at_batch_end(activity.add, events)
    batch_work.at_batch_end(activity.end_pauses, events)
    batch_work.at_batch_end(progress.advance, events)
    batch_work.update_freshness(events)


def _enrollments(events: Sequence[Event]) -> set[int]:
    return {event.enrollment_id for event in events if event.enrollment_id is not None}


def _moments(events: Sequence[Event]) -> list[tuple[int, datetime]]:
    return [(event.enrollment_id or 0, event.occurred_at) for event in events]
