"""What is taught, and who is enrolled."""

from __future__ import annotations

from curriculum.models import (
    Course,
    CourseRun,
    Enrollment,
    EnrollmentStatusChange,
    Learner,
    Module,
    Pause,
    PlannedModule,
    RunModule,
    Skill,
)
from exports.tables import Column, ExportedTable, Follows, export, refers, row_id

export(
    ExportedTable(
        "course",
        Course,
        "Courses.",
        (
            row_id("the course"),
            Column("key", "", "The id that senders use."),
            Column("title", "", "Its title."),
            Column("nominal_days", "days", "Length of runs without dates of their own."),
        ),
        course="id",
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "run",
        CourseRun,
        "Runs (cohorts) of courses.",
        (
            row_id("the run"),
            refers("course_id", "course"),
            Column("key", "", "The id that senders use, unique in the course."),
            Column("title", "", "Its title; may be empty."),
            Column("starts_on", "day", "First day; null: learners start any day."),
            Column("ends_on", "day", "Last day."),
        ),
        course="course_id",
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "module",
        Module,
        "Modules of courses.",
        (
            row_id("the module"),
            refers("course_id", "course"),
            Column("key", "", "The id that senders use, unique in the course."),
            Column("title", "", "Its title."),
            Column("position", "", "Order in the course, from 1."),
            Column("is_required", "", "Whether completing the course needs it."),
            Column("planned_days", "days", "Time planned for it."),
            Column("effort_minutes", "minutes", "Effort planned for it."),
        ),
        course="course_id",
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "run_module",
        RunModule,
        "Fixed due dates of modules in runs.",
        (
            row_id("the due date"),
            refers("run_id", "run"),
            refers("module_id", "module"),
            Column("due_on", "day", "When the module is due in this run."),
        ),
        course="run__course_id",
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "skill",
        Skill,
        "Skills that courses teach.",
        (
            row_id("the skill"),
            Column("key", "", "The id that senders use."),
            Column("title", "", "Its title."),
        ),
        course=None,
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "skill_module",
        Skill.modules.through,
        "Which modules teach a skill.",
        (row_id("the pair"), refers("skill_id", "skill"), refers("module_id", "module")),
        course="module__course_id",
        is_detailed=False,
    )
)
export(
    ExportedTable(
        "enrollment",
        Enrollment,
        "One learner in one run.",
        (
            row_id("the enrollment"),
            Column("learner", "", "Pseudonym of the learner.", source="learner_id", of="learner"),
            Column(
                "learner_kind",
                "",
                "`learner`, `staff` or `test`; figures count `learner` only.",
                source="learner__kind",
            ),
            refers("run_id", "run"),
            Column("enrolled_at", "", "When the learner signed up."),
            Column("started_at", "", "Sign-up or start of the run, whichever is later."),
            Column("cutoff_at", "", "A withdrawal before this moment cancels the enrollment."),
            Column("planned_due_at", "", "When it is due without pauses."),
            Column("due_at", "", "With pauses; null while a pause is open."),
            Column("withdrawn_at", "", "When the learner withdrew."),
            Column("completed_at", "", "When the course was completed."),
            Column("certificate_track_at", "", "On the certificate track since."),
            Column("is_cancelled", "", "Figures leave canceled enrollments out."),
        ),
        course="run__course_id",
        follows=(Follows(Learner, "learner_id", ("kind",)),),
    )
)
export(
    ExportedTable(
        "enrollment_change",
        EnrollmentStatusChange,
        "What happened to an enrollment.",
        (
            row_id("the change"),
            refers("enrollment_id", "enrollment"),
            Column("kind", "", "Such as `started`, `presumed`, `withdrawn` or `completed`."),
            Column("at", "", "When it happened."),
            Column("track", "", "For a start: `certificate`, `audit` or `unknown`."),
        ),
        course="enrollment__run__course_id",
    )
)
export(
    ExportedTable(
        "planned_module",
        PlannedModule,
        "One module of an enrollment's plan.",
        (
            row_id("the module of the plan"),
            refers("enrollment_id", "enrollment"),
            refers("module_id", "module"),
            Column("position", "", "Order in the plan."),
            Column("is_required", "", "Whether completing the course needs it."),
            Column("effort_minutes", "minutes", "Effort planned for it."),
            Column("planned_due_at", "", "When it is due without pauses."),
            Column("due_at", "", "With pauses; null while a pause is open."),
        ),
        course="enrollment__run__course_id",
    )
)
export(
    ExportedTable(
        "pause",
        Pause,
        "Times in which nothing is due for an enrollment.",
        (
            row_id("the pause"),
            refers("enrollment_id", "enrollment"),
            Column("started_at", "", "When it began."),
            Column("ended_at", "", "When it ended; null while it lasts."),
        ),
        course="enrollment__run__course_id",
    )
)
