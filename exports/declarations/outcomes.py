"""The facts of outcomes. Comments are not exported: people write names into them."""

from __future__ import annotations

from exports.tables import Column, ExportedTable, export, refers, row_id
from outcomes.models import (
    CareerOutcome,
    Certificate,
    CommentAnalysis,
    Invitation,
    Response,
    SkillAssessment,
    Survey,
    Theme,
    Wave,
)

OF_ENROLLMENT = "enrollment__run__course_id"

export(
    ExportedTable(
        "survey",
        Survey,
        "Surveys.",
        (
            row_id("the survey"),
            refers("course_id", "course"),
            Column("key", "", "The id that senders use."),
            Column("title", "", "Its title."),
        ),
        course="course_id",
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "survey_wave",
        Wave,
        "Rounds of surveys.",
        (
            row_id("the round"),
            refers("survey_id", "survey"),
            refers("course_id", "course"),
            refers("run_id", "run"),
            Column("key", "", "Unique in the survey."),
            Column("opens_at", "", "From when learners can answer here."),
            Column("closes_at", "", "Until when."),
        ),
        course="course_id",
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "survey_invitation",
        Invitation,
        "Enrollments invited to a round of a survey.",
        (
            row_id("the invitation"),
            refers("wave_id", "survey_wave"),
            refers("enrollment_id", "enrollment"),
            Column("sent_at", "", "When it was sent."),
            Column("reminded_at", "", "When a reminder was sent."),
            Column("opened_at", "", "When the survey was opened."),
            Column("dismissed_at", "", "When it was dismissed."),
        ),
        course=OF_ENROLLMENT,
    )
)
export(
    ExportedTable(
        "survey_response",
        Response,
        "The latest answer of an enrollment in a round, without the comment.",
        (
            row_id("the answer"),
            refers("enrollment_id", "enrollment"),
            refers("wave_id", "survey_wave"),
            Column("answered_at", "", "When it was answered."),
            Column("nps", "points", "Likelihood to recommend, from 0 to 10."),
            Column("csat", "points", "Satisfaction, from 1 to 5."),
        ),
        course=OF_ENROLLMENT,
    )
)
export(
    ExportedTable(
        "comment_theme",
        Theme,
        "Subjects of comments.",
        (
            row_id("the theme"),
            Column("key", "", "A stable name."),
            Column("kpi", "", "Key of the KPI that it relates to."),
            refers("merged_into_id", "comment_theme"),
            Column("retired_at", "", "When no more comments were about it."),
        ),
        course=None,
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "comment",
        CommentAnalysis,
        "What was found in a comment, without its text.",
        (
            row_id("the comment"),
            refers("survey_response_id", "survey_response", source="response_id"),
            Column("answered_at", "", "When it was written."),
            Column("language", "", "ISO code; empty if not recognized."),
            Column("mood", "", "`positive`, `neutral`, `negative`, `unclear` or `skipped`."),
            Column("sentiment", "points", "From −1 to 1; null: unclear."),
            refers("theme_id", "comment_theme"),
        ),
        course="response__enrollment__run__course_id",
    )
)
export(
    ExportedTable(
        "career_outcome",
        CareerOutcome,
        "An effect of a course on a career, or that there was none.",
        (
            row_id("the effect"),
            refers("enrollment_id", "enrollment"),
            refers("survey_response_id", "survey_response", source="response_id"),
            Column("kind", "", "`placement`, `promotion`, `project` or `none`."),
            Column("happened_on", "day", "When it happened."),
            Column("reported_at", "", "When it was reported."),
        ),
        course=OF_ENROLLMENT,
    )
)
export(
    ExportedTable(
        "certificate",
        Certificate,
        "Certificates that enrollments earned.",
        (
            row_id("the certificate"),
            refers("enrollment_id", "enrollment"),
            Column("earned_at", "", "When it was earned."),
            Column("expires_on", "day", "Last day of its validity."),
            Column("revoked_at", "", "When it was revoked."),
            Column("expired_at", "", "When it expired."),
        ),
        course=OF_ENROLLMENT,
    )
)
export(
    ExportedTable(
        "skill_assessment",
        SkillAssessment,
        "A score in one assessment of a skill.",
        (
            row_id("the assessment"),
            refers("enrollment_id", "enrollment"),
            refers("skill_id", "skill"),
            Column("stage", "", "`pre` or `post`."),
            Column("assessed_at", "", "When it was assessed."),
            Column("score", "share", "From 0 to 1."),
            Column("mastery", "share", "The score needed for mastery at the time."),
        ),
        course=OF_ENROLLMENT,
    )
)
