"""Verbs that mean the same whoever sends them: those of ADL, Rustici's and of activity streams."""

from __future__ import annotations

from statements.rules import MODULE_DONE, Emit, Rule, Source, emit, graded, has_score, nothing
from statements.vocabulary import (
    ASSESSMENT,
    COURSE_TYPES,
    DISCUSSION,
    INTERACTION,
    LESSON,
    MODULE,
    QUESTION,
    SURVEY,
    acrossx,
    adl,
    stream,
    tincan,
    tla,
)

UNITS = (MODULE, LESSON)
RULES = (
    emit(adl("registered"), "enrollment.started", *COURSE_TYPES, object="", module=""),
    emit(tincan("unregistered"), "enrollment.withdrawn", *COURSE_TYPES, object="", module=""),
    emit(adl("completed"), "course.completed", *COURSE_TYPES, object="", module=""),
    Rule(adl("completed"), UNITS, (MODULE_DONE,)),
    Rule(adl("completed"), (ASSESSMENT,), (Emit("quiz.attempted"), graded())),
    emit(adl("completed"), "content.viewed"),
    emit(adl("attempted"), "quiz.attempted", ASSESSMENT, INTERACTION, QUESTION),
    emit(adl("attempted"), "content.viewed"),
    *(Rule(adl(verb), (), (graded(),)) for verb in ("passed", "failed", "scored", "mastered")),
    Rule(tla("scored"), (), (graded(),), has_score),
    *(emit(adl(verb), "question.answered") for verb in ("answered", "responded")),
    emit(stream("submit"), "question.answered", INTERACTION, QUESTION, SURVEY),
    emit(adl("progressed"), "content.viewed", value="progress"),
    *(
        emit(verb, "content.viewed")
        for verb in (
            *map(adl, ("experienced", "initialized", "launched", "attended")),
            *(tincan("viewed"), stream("start")),
            "http://activitystrea.ms/schema/1.0/consume",
        )
    ),
    emit(adl("commented"), "discussion.posted"),
    emit(acrossx("posted"), "discussion.posted", DISCUSSION),
    *(
        nothing(verb)
        for verb in (
            *map(
                adl,
                ("interacted", "terminated", "suspended", "resumed", "exited", "voided", "asked"),
            ),
            tincan("skipped"),
        )
    ),
)
GENERAL = Source("Any other sender", "verbs of ADL and activity streams", "", RULES)
