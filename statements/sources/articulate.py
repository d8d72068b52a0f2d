"""Articulate Storyline and Rise, published for xAPI."""

from __future__ import annotations

from statements.rules import Emit, Rule, Source, emit, graded, nothing
from statements.vocabulary import COURSE, INTERACTION, MODULE, OBJECTIVE, adl

LEFT = "http://activitystrea.ms/leave"
RULES = (
    emit(adl("attempted"), "content.viewed", COURSE),
    # a slide of Storyline, a lesson of Rise
    emit(adl("experienced"), "content.viewed", MODULE),
    nothing(adl("left")),
    nothing(LEFT),
    emit(adl("answered"), "question.answered", INTERACTION),
    *(
        Rule(adl(verb), (OBJECTIVE, COURSE), (Emit("quiz.attempted"), graded()))
        for verb in ("passed", "failed")
    ),
    emit(adl("completed"), "course.completed", COURSE, object="", module=""),
    emit(adl("completed"), "content.viewed"),
    emit(adl("progressed"), "content.viewed", value="progress"),
    *(nothing(adl(verb)) for verb in ("suspended", "resumed", "terminated", "exited")),
)
ARTICULATE = Source("Articulate", "Storyline 360 and Rise 360", "articulate", RULES)
