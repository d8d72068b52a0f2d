"""Moodle, by the plugin logstore_xapi."""

from __future__ import annotations

from statements.rules import Emit, Rule, Source, emit, graded, has_score, nothing
from statements.vocabulary import (
    ADL,
    ASSESSMENT,
    ATTEMPT,
    CMI5_COURSE,
    DISCUSSION,
    EDLM,
    INTERACTION,
    LESSON,
    MEETING,
    MODULE,
    SURVEY,
    TINCAN,
    acrossx,
    adl,
    dod,
    edlm,
    stream,
    tincan,
    tla,
)

ASSIGNMENT, SUBMISSION = f"{EDLM}assignment", f"{EDLM}submission"
CERTIFICATE, FEEDBACK = f"{EDLM}certificate", f"{EDLM}feedback"
LESSON_SESSION, SCORM_CONTENT = f"{EDLM}lesson-session", f"{EDLM}scorm-content-object"
COMMENT, FACE_TO_FACE = (
    "http://activitystrea.ms/comment",
    "https://w3id.org/xapi/acrossx/activities/face-to-face-discussion",
)
CHAT, REPLY = f"{TINCAN}chat-message", f"{TINCAN}forum-reply"


def schema(name: str) -> str:
    return stream(f"schema/1.0/{name}")


PROFILE = "moodle"
RULES = (
    emit(edlm("enrolled"), "enrollment.started", CMI5_COURSE, object="", module=""),
    emit(stream("leave"), "enrollment.withdrawn", CMI5_COURSE, object="", module=""),
    emit(adl("completed"), "course.completed", CMI5_COURSE, object="", module=""),
    # a quiz: the attempt is an activity of its own, part of the quiz
    Rule(
        adl("completed"),
        (ATTEMPT,),
        (Emit("quiz.attempted", object=f"around:{ASSESSMENT}"), graded(f"around:{ASSESSMENT}")),
    ),
    emit(schema("start"), "content.viewed", ATTEMPT, object=f"around:{ASSESSMENT}"),
    emit(adl("answered"), "question.answered", INTERACTION),
    # the grade of one question in a review, which is part of the quiz's
    nothing(tla("scored"), "http://activitystrea.ms/schema/1.0/review#slot"),
    emit(dod("assessed"), "content.viewed", INTERACTION),
    # a later grade of an assignment replaces the earlier
    Rule(tla("scored"), (SUBMISSION,), (graded(f"around:{ASSIGNMENT}", attempt="only-attempt"),)),
    emit(schema("submit"), "assignment.submitted", SUBMISSION, object=f"around:{ASSIGNMENT}"),
    emit(schema("submit"), "question.answered", FEEDBACK),
    emit(stream("submit"), "question.answered", SURVEY),
    Rule(adl("completed"), (LESSON_SESSION,), (graded(f"around:{LESSON}"),), has_score),
    Rule(adl("completed"), (SCORM_CONTENT,), (graded(f"around:{MODULE}"),), has_score),
    emit(adl("completed"), "content.viewed"),
    emit(stream("start"), "content.viewed", LESSON_SESSION),
    emit(adl("launched"), "content.viewed", SCORM_CONTENT),
    emit(stream("create"), "discussion.posted", DISCUSSION),
    emit(tincan("replied"), "discussion.posted", REPLY),
    emit(stream("send"), "discussion.posted", CHAT),
    emit(adl("commented"), "discussion.posted", COMMENT, DISCUSSION),
    emit(tla("achieved"), "certificate.earned", CERTIFICATE, object="", module=""),
    emit(tla("forfeited"), "certificate.revoked", CERTIFICATE, object="", module=""),
    emit(adl("attended"), "content.viewed", FACE_TO_FACE),
    emit(schema("join"), "content.viewed", MEETING),
    nothing(tincan("viewed"), f"{TINCAN}user-profile", f"{EDLM}report", f"{EDLM}badge"),
    emit(tincan("viewed"), "content.viewed"),
    *(nothing(tla(verb)) for verb in ("achieved", "forfeited", "resumed", "suspended", "verified")),
    *(
        nothing(edlm(verb))
        for verb in (
            *("login", "logout", "toured", "subscribed", "unsubscribed", "restarted"),
            *("locked", "unlocked", "exceeded", "uncompleted"),
        )
    ),
    *(nothing(stream(verb)) for verb in ("create", "delete", "update", "join", "leave")),
    *(nothing(schema(verb)) for verb in ("assign", "create", "leave", "receive", "retract")),
    *(nothing(acrossx(verb)) for verb in ("edited", "searched")),
    *(nothing(dod(verb)) for verb in ("deleted", "published")),
    *(nothing(tincan(verb)) for verb in ("adjourned", "live", "secured", "unsecured")),
    *(nothing(adl(verb)) for verb in ("imported", "registered")),
    nothing(tincan("unregistered"), FACE_TO_FACE, f"{ADL}meeting"),
)
MOODLE = Source("Moodle", "logstore_xapi, May 2026", PROFILE, RULES)
