"""Open edX, by edx-event-routing-backends."""

from __future__ import annotations

from statements.occurrence import Occurrence
from statements.rules import Emit, Rule, Source, emit, graded, has_no_points, nothing
from statements.vocabulary import (
    COURSE,
    DISCUSSION,
    INTERACTION,
    MODULE,
    OPEN_EDX_EXAMS,
    QUESTION,
    RESOURCE,
    VIDEO_TYPE,
    acrossx,
    adl,
    dod,
    tincan,
)


def is_part_of_problem(one: Occurrence) -> bool:
    """True for one question of a problem, whose score the statement of the problem has."""
    return any(near.type == INTERACTION for near in one.around)


PROFILE = "open-edx"
RULES = (
    Rule(
        adl("registered"),
        (COURSE,),
        (Emit("enrollment.started", object="", module="", data={"track": "track"}),),
    ),
    emit(tincan("unregistered"), "enrollment.withdrawn", COURSE, object="", module=""),
    emit(adl("passed"), "course.completed", COURSE, object="", module=""),
    nothing(adl("failed"), COURSE),
    # the grade of a course or subsection follows from its problems
    nothing(tincan("earned"), COURSE, RESOURCE),
    emit(adl("attempted"), "quiz.attempted", INTERACTION),
    # the server's report of the attempt that is also "evaluated"
    nothing(adl("attempted"), QUESTION),
    nothing(acrossx("evaluated"), INTERACTION, when=is_part_of_problem),
    nothing(acrossx("evaluated"), INTERACTION, when=has_no_points),
    Rule(acrossx("evaluated"), (INTERACTION,), (graded(),)),
    emit(adl("completed"), "content.viewed", INTERACTION, VIDEO_TYPE),
    emit(adl("progressed"), "content.viewed", RESOURCE, value="progress"),
    emit(adl("asked"), "content.viewed"),
    emit(dod("navigated"), "content.viewed", MODULE, RESOURCE, module=""),
    nothing(dod("navigated")),
    emit(acrossx("posted"), "discussion.posted", DISCUSSION),
    emit(tincan("viewed"), "content.viewed", DISCUSSION),
    *(nothing(acrossx(verb), DISCUSSION) for verb in ("edited", "reported")),
    *(
        nothing(f"https://w3id.org/xapi/openedx/verb/{verb}", DISCUSSION)
        for verb in ("voted", "unreported")
    ),
    nothing(dod("deleted"), DISCUSSION),
    emit(adl("initialized"), "content.viewed", *OPEN_EDX_EXAMS, VIDEO_TYPE),
    emit(adl("terminated"), "quiz.attempted", *OPEN_EDX_EXAMS),
)
OPEN_EDX = Source("Open edX", "event-routing-backends 9.3.8", PROFILE, RULES)
