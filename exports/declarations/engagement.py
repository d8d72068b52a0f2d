"""The facts of engagement."""

from __future__ import annotations

from engagement.models import (
    AssessmentResult,
    DailyActivity,
    ItemResult,
    LearningObject,
    ModuleProgress,
    QuizAttempt,
    VideoProgress,
    WeekPresence,
)
from exports.tables import Column, ExportedTable, export, refers, row_id

OF_ENROLLMENT = "enrollment__run__course_id"

export(
    ExportedTable(
        "learning_object",
        LearningObject,
        "Videos, quizzes and assessments of courses.",
        (
            row_id("the object"),
            refers("course_id", "course"),
            refers("run_id", "run"),
            refers("module_id", "module"),
            Column("kind", "", "`video`, `quiz` or `assessment`."),
            Column("key", "", "The id that senders use."),
            Column("title", "", "Its title; may be empty."),
            Column("duration_seconds", "seconds", "Length of a video."),
            Column("pass_mark", "share", "Lowest score that passes, from 0 to 1."),
        ),
        course="course_id",
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "daily_activity",
        DailyActivity,
        "What an enrollment did in one module on one day.",
        (
            row_id("the day"),
            refers("enrollment_id", "enrollment"),
            refers("module_id", "module"),
            Column("day", "day", "In the site's time zone."),
            Column("interactions", "interactions", "All interactions; for imported data, clicks."),
            Column("productive", "interactions", "Answers, submissions, posts and notes."),
            Column("content", "interactions", "Content read or watched."),
            Column("quiz", "interactions", "Quiz attempts and answered questions."),
        ),
        course=OF_ENROLLMENT,
    )
)
export(
    ExportedTable(
        "week_presence",
        WeekPresence,
        "A week in which an enrollment was active, in one module or in any.",
        (
            row_id("the week"),
            refers("enrollment_id", "enrollment"),
            refers("module_id", "module"),
            Column("week", "day", "The Monday of the week."),
            Column("is_productive", "", "With an answer, submission, post or note."),
        ),
        course=OF_ENROLLMENT,
    )
)
export(
    ExportedTable(
        "module_progress",
        ModuleProgress,
        "Progress in one planned module; without a row, it is not reached.",
        (
            row_id("the progress"),
            refers("planned_module_id", "planned_module", source="planned_id"),
            Column("reached_at", "", "First event in this module or in a later one."),
            Column("done_at", "", "When it was completed or waived."),
            Column("is_waived", "", "Whether it was waived."),
        ),
        course="planned__enrollment__run__course_id",
    )
)
export(
    ExportedTable(
        "quiz_attempt",
        QuizAttempt,
        "A quiz that an enrollment attempted, however often.",
        (
            row_id("the quiz of the enrollment"),
            refers("enrollment_id", "enrollment"),
            refers("quiz_id", "learning_object"),
            Column("attempted_at", "", "The first attempt."),
        ),
        course=OF_ENROLLMENT,
    )
)
export(
    ExportedTable(
        "video_progress",
        VideoProgress,
        "What an enrollment has watched of a video.",
        (
            row_id("the video of the enrollment"),
            refers("enrollment_id", "enrollment"),
            refers("video_id", "learning_object"),
            Column("started_at", "", "First play."),
            Column("watched_seconds", "seconds", "Unique seconds, at most the video's length."),
        ),
        course=OF_ENROLLMENT,
    )
)
export(
    ExportedTable(
        "assessment_result",
        AssessmentResult,
        "A graded attempt at an assessment.",
        (
            row_id("the attempt"),
            refers("enrollment_id", "enrollment"),
            refers("assessment_id", "learning_object"),
            Column("attempt", "", "Counted from 1."),
            Column("graded_at", "", "When it was first graded; it counts in this period."),
            Column("regraded_at", "", "When it was last regraded."),
            Column("score", "share", "From 0 to 1."),
        ),
        course=OF_ENROLLMENT,
    )
)
export(
    ExportedTable(
        "item_result",
        ItemResult,
        "The answer to one question in a graded attempt.",
        (
            row_id("the answer"),
            refers("assessment_result_id", "assessment_result", source="result_id"),
            Column("item", "", "The question's id."),
            Column("score", "share", "From 0 to 1; 1 is correct."),
        ),
        course="result__enrollment__run__course_id",
    )
)
