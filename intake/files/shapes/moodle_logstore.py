"""The table mdl_logstore_standard_log, exported from a Moodle database (Moodle 2.7 to 5)."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import CellError, Choice, Chosen, course_choice, got, learner_choice
from intake.files.records import Record, Sample
from intake.files.shapes.base import Made, RowReader, Shape, Skip

KINDS = {
    r"\core\event\course_viewed": "content.viewed",
    r"\core\event\course_completed": "course.completed",
    r"\core\event\user_enrolment_created": "enrollment.started",
    r"\core\event\user_enrolment_deleted": "enrollment.withdrawn",
    r"\mod_quiz\event\attempt_submitted": "quiz.attempted",
    r"\mod_assign\event\assessable_submitted": "assignment.submitted",
    # of each new post and discussion; post_created reports the former a second time
    r"\mod_forum\event\assessable_uploaded": "discussion.posted",
}
OF_AFFECTED = {"enrollment.started", "enrollment.withdrawn", "course.completed"}
IN_MODULE = "70"


class MoodleLogstore(Shape):
    key = "moodle-logstore"
    title = gettext_lazy("Moodle log table")
    about = gettext_lazy(
        "Views, quiz attempts, submissions, posts, enrollments and completions, with the table's "
        "own ids; other entries are left out."
    )
    signature = (("eventname",), ("userid",), ("courseid",), ("timecreated",))

    def choices(self, sample: Sample) -> list[Choice]:
        return [*course_choice(sample, "courseid"), *learner_choice(sample, "userid", "username")]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        def read(record: Record) -> Iterator[Made | Skip]:
            kind = _kind(record.get("eventname"))
            if not kind:
                yield Skip(gettext("the entry “%s” is no event") % record.get("eventname")[:80])
                return
            column = chosen["learner"]
            other = record.get("relateduserid")
            if kind in OF_AFFECTED and other.isdigit() and other != "0":
                column = "relateduserid"
            learner, course = record.get(column), chosen.get("course") or record.get("courseid")
            if learner in ("", "0", "-1") or course in ("", "0"):
                yield Skip(gettext("it belongs to no learner or no course"))
                return
            time = record.get("timecreated")
            if not time.isdigit():
                raise CellError("timecreated", got(time), gettext("seconds since 1970"))
            number = record.get("contextinstanceid")
            in_module = record.get("contextlevel") == IN_MODULE and number
            yield Made(
                kind,
                (record.get("id"),) if record.get("id") else None,
                chosen.needed_moment(record, "timecreated"),
                learner=learner,
                course=course,
                run=chosen.get("run", ""),
                object=f"cm-{number}" if in_module and kind not in OF_AFFECTED else "",
                columns={
                    "learner": column,
                    "course": "courseid",
                    "occurred_at": "timecreated",
                },
            )

        return read


def _kind(name: str) -> str:
    # exports of some databases double the backslashes
    name = name.replace("\\\\", "\\")
    return KINDS.get(name) or (
        "content.viewed" if name.endswith(r"\event\course_module_viewed") else ""
    )
