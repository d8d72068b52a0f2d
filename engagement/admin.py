"""The facts of engagement in the admin: read-only, except for titles and pass marks."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from curriculum.admin.courses import RunFilter
from engagement.models import (
    AssessmentResult,
    DailyActivity,
    ItemResult,
    LearningObject,
    ModuleProgress,
    PlayerEvent,
    QuizAttempt,
    VideoProgress,
    WeekPresence,
)
from intake.csv.pages import CsvImportMixin


class FactAdmin(CsvImportMixin, ReadOnlyAdmin):
    """Show facts read-only: they follow from events, so replay the events to change them."""

    list_filter: ClassVar[Any] = (
        "enrollment__run__course",
        ("enrollment__run", RunFilter),
    )
    list_select_related: ClassVar[Any] = ("enrollment__learner", "enrollment__run__course")
    search_fields = ("enrollment__learner__key__exact",)
    search_help_text = _("Enter the learner's full key.")
    show_full_result_count = False


@admin.register(LearningObject)
class LearningObjectAdmin(admin.ModelAdmin):
    """Let staff edit an object's title and pass mark; the rest comes from events."""

    list_display = ("__str__", "kind", "course", "run", "module", "duration_seconds", "pass_mark")
    list_filter = ("kind", "course", ("duration_seconds", admin.EmptyFieldListFilter))
    list_select_related = ("course", "run__course", "module")
    search_fields = ("key", "title", "course__key")
    readonly_fields = ("course", "run", "module", "kind", "key", "duration_seconds")
    fields = (
        ("kind", "key"),
        ("course", "run", "module"),
        "title",
        ("pass_mark", "duration_seconds"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: LearningObject | None = None
    ) -> bool:
        return False


@admin.register(DailyActivity)
class DailyActivityAdmin(FactAdmin):
    list_display = (
        "enrollment", "module", "day", "interactions", "productive", "content", "quiz"
    )  # fmt: skip
    list_select_related = (*FactAdmin.list_select_related, "module")


@admin.register(WeekPresence)
class WeekPresenceAdmin(FactAdmin):
    list_display = ("enrollment", "week", "is_productive")
    list_filter = (*FactAdmin.list_filter, "is_productive")


@admin.register(ModuleProgress)
class ModuleProgressAdmin(FactAdmin):
    csv_kinds = ("module.started", "module.completed", "module.waived")
    list_display = ("learner", "planned", "due", "reached_at", "done_at", "is_waived")
    list_filter = (
        "planned__enrollment__run__course",
        ("done_at", admin.EmptyFieldListFilter),
        "is_waived",
    )
    list_select_related = ("planned__module", "planned__enrollment__learner")
    search_fields = ("planned__enrollment__learner__key__exact",)

    @admin.display(description=_("learner"))
    def learner(self, row: ModuleProgress) -> str:
        return str(row.planned.enrollment.learner)

    @admin.display(description=_("due"), ordering="planned__due_at")
    def due(self, row: ModuleProgress) -> Any:
        return row.planned.due_at


class ItemResultInline(ReadOnlyInline):
    model = ItemResult
    fields = ("item", "score")


@admin.register(AssessmentResult)
class AssessmentResultAdmin(FactAdmin):
    csv_kinds = ("assessment.graded",)
    list_display = ("enrollment", "assessment", "attempt", "score", "graded_at")
    list_filter = (*FactAdmin.list_filter, "assessment__kind", "graded_at")
    list_select_related = (*FactAdmin.list_select_related, "assessment")
    inlines = (ItemResultInline,)


@admin.register(QuizAttempt)
class QuizAttemptAdmin(FactAdmin):
    csv_kinds = ("quiz.attempted",)
    list_display = ("enrollment", "quiz", "attempted_at")
    list_select_related = (*FactAdmin.list_select_related, "quiz")


@admin.register(VideoProgress)
class VideoProgressAdmin(FactAdmin):
    csv_kinds = ("video.watched",)
    list_display = ("enrollment", "video", "started_at", "watched_seconds", "duration")
    list_select_related = (*FactAdmin.list_select_related, "video")

    @admin.display(description=_("duration"), ordering="video__duration_seconds")
    def duration(self, row: VideoProgress) -> float | None:
        return row.video.duration_seconds


@admin.register(PlayerEvent)
class PlayerEventAdmin(FactAdmin):
    csv_kinds = ("video.played", "video.paused")
    list_display = ("enrollment", "video", "at", "is_playing", "position")
    list_select_related = (*FactAdmin.list_select_related, "video")
