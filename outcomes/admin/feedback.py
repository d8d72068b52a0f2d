from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts.admin.users import acting_user
from core.admin.view_only import ReadOnlyAdmin
from kpis.admin.kpi_choices import kpi_choices, name_of
from outcomes.feedback import theme_actions
from outcomes.models import CommentAnalysis, Testimonial, Theme, TopicRun
from outcomes.tasks import read_feedback


class ThemeForm(forms.ModelForm):
    kpi = forms.ChoiceField(
        label="Goes with",
        choices=kpi_choices,
        help_text="The KPI that it tells something about; proposed from its words.",
    )

    class Meta:
        model = Theme
        fields = ("name", "kpi", "is_pinned", "merged_into")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "merged_into" in self.fields:
            others = Theme.objects.in_use().exclude(pk=self.instance.pk)
            self.fields["merged_into"].queryset = others  # type: ignore[attr-defined]


class InUseFilter(admin.SimpleListFilter):
    """Show the themes in use unless more are asked for."""

    title = "use"
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("merged", "Merged into another"), ("all", "All, with those set aside")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": "In use"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        if self.value() == "merged":
            return queryset.filter(merged_into__isnull=False)
        return queryset.filter(merged_into=None, retired_at=None)


@admin.register(Theme)
class ThemeAdmin(admin.ModelAdmin):
    """Themes are found in comments; staff name them, pin them and merge those that are one."""

    form = ThemeForm
    list_display = ("name", "comments", "words", "goes_with", "is_pinned", "merged_into")
    list_editable = ("is_pinned",)
    list_filter = (InUseFilter, "is_pinned")
    list_select_related = ("merged_into",)
    search_fields = ("name", "key")
    readonly_fields = ("key", "words", "made_at", "retired_at")
    actions = ("merge_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Theme]:
        rows: QuerySet[Theme] = super().get_queryset(request)
        return rows.annotate(said=Count("remarks"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Theme | None = None) -> bool:
        return False

    @admin.display(ordering="said")
    def comments(self, row: Theme) -> int:
        return row.said  # type: ignore[attr-defined, no-any-return]

    @admin.display(ordering="kpi")
    def goes_with(self, row: Theme) -> str:
        return name_of(row.kpi)

    def save_model(self, request: HttpRequest, obj: Theme, form: Any, change: bool) -> None:
        into = obj.merged_into
        is_moved = "merged_into" in form.changed_data
        if is_moved:
            obj.merged_into_id = form.initial.get("merged_into")
        super().save_model(request, obj, form, change)
        if is_moved:
            _move(obj, into)

    @admin.action(description="Merge into the one with the most comments", permissions=["change"])
    def merge_chosen(self, request: HttpRequest, queryset: QuerySet[Theme]) -> None:
        into, *others = queryset.annotate(most=Count("remarks")).order_by("-most", "pk")
        for one in others:
            theme_actions.merge(one, into)
        self.message_user(request, f"{len(others)} merged into {into}.", messages.SUCCESS)


def _move(theme: Theme, into: Theme | None) -> None:
    if into is not None:
        theme_actions.merge(theme, into)
        return
    theme_actions.separate(theme)
    transaction.on_commit(read_feedback.delay)


@admin.register(CommentAnalysis)
class RemarkAdmin(ReadOnlyAdmin):
    """What learners wrote, and what was read in it."""

    list_display = ("text", "theme", "mood", "sentiment", "language", "quotable", "approved")
    list_filter = (
        "response__may_quote",
        ("response__testimonial", admin.EmptyFieldListFilter),
        "theme",
        "mood",
        "language",
    )
    list_select_related = ("theme", "response__testimonial")
    search_fields = ("text",)
    date_hierarchy = "answered_at"
    show_full_result_count = False
    actions = ("approve",)

    @admin.display(boolean=True, description="may be quoted")
    def quotable(self, row: CommentAnalysis) -> bool:
        return row.response.may_quote

    @admin.display(boolean=True)
    def approved(self, row: CommentAnalysis) -> bool:
        return hasattr(row.response, "testimonial")

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("outcomes.add_testimonial")

    @admin.action(description="Approve as testimonials", permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[CommentAnalysis]) -> None:
        approved = 0
        for remark in queryset:
            try:
                theme_actions.approve(remark.response, by=acting_user(request))
            except ValidationError as error:
                sentence = f"“{remark}”: {error.messages[0]}"
                self.message_user(request, sentence, messages.WARNING)
            else:
                approved += 1
        if approved:
            self.message_user(request, f"{approved} approved.", messages.SUCCESS)


@admin.register(Testimonial)
class TestimonialAdmin(admin.ModelAdmin):
    """What may be shown; delete one to withdraw it. New ones are approved among the remarks."""

    list_display = ("text", "course", "shown", "approved_by", "approved_at")
    list_select_related = ("response__enrollment__run__course", "approved_by")
    search_fields = ("text",)
    fields: ClassVar[Any] = ("text", "course", "shown", "approved_by", "approved_at")
    readonly_fields: ClassVar[Any] = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(ordering="response__enrollment__run__course__title")
    def course(self, row: Testimonial) -> str:
        return str(row.response.enrollment.run.course)

    @admin.display(boolean=True, description="still agreed to")
    def shown(self, row: Testimonial) -> bool:
        return row.response.may_quote and row.response.comment == row.text


@admin.register(TopicRun)
class ThemeSearchAdmin(ReadOnlyAdmin):
    list_display = ("searched_at", "comments", "themes")
