"""SCORM packages: by the xAPI SCORM profile, as wrappers around scorm-again send it."""

from __future__ import annotations

from statements.rules import MODULE_DONE, Emit, Rule, Source, emit, graded, nothing
from statements.vocabulary import COURSE, INTERACTION, SCORM, adl

RULES = (
    Rule(
        adl("initialized"),
        (),
        (Emit("module.started", needs=("module",), module="object-as-module", object=""),),
    ),
    emit(adl("completed"), "course.completed", COURSE, object="", module=""),
    Rule(
        adl("completed"),
        (),
        (MODULE_DONE,),
    ),
    *(
        Rule(adl(verb), (), (graded(module="object-as-module"),))
        for verb in ("passed", "failed", "scored")
    ),
    *(emit(adl(verb), "question.answered", INTERACTION) for verb in ("responded", "answered")),
    emit(adl("commented"), "note.written"),
    emit(adl("progressed"), "content.viewed", value="progress"),
    *(nothing(adl(verb)) for verb in ("launched", "suspended", "resumed", "terminated", "exited")),
)
SCORM_SOURCE = Source("SCORM", "xAPI SCORM profile 1.0", SCORM, RULES)
