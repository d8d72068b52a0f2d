"""H5P's own player. Its statements name no course; staff choose one for the sender."""

from __future__ import annotations

from statements.rules import Emit, Rule, Source, emit, graded, has_score, is_part, nothing
from statements.vocabulary import adl

PROFILE = "h5p"
RULES = (
    # questions inside of a larger piece count in its score
    emit(adl("answered"), "question.answered", when=is_part),
    emit(adl("completed"), "content.viewed", when=is_part),
    *(
        Rule(adl(verb), (), (Emit("quiz.attempted"), graded()), has_score)
        for verb in ("answered", "completed", "passed", "failed", "mastered", "scored")
    ),
    emit(adl("answered"), "question.answered"),
    emit(adl("responded"), "question.answered"),
    emit(adl("commented"), "discussion.posted"),
    emit(adl("progressed"), "content.viewed", value="progress"),
    *(
        emit(adl(verb), "content.viewed")
        for verb in ("attempted", "completed", "experienced", "launched", "initialized")
    ),
    emit("http://activitystrea.ms/schema/1.0/consume", "content.viewed"),
    *(
        nothing(adl(verb))
        for verb in (
            *("interacted", "exited", "suspended", "resumed", "terminated", "shared", "asked"),
            *("preferred", "imported", "copied", "downloaded", "accessed-reuse"),
            *("accessed-embed", "accessed-copyright"),
        )
    ),
)
H5P = Source("H5P", "h5p-php-library 1.28", PROFILE, RULES)
