from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.users import acting_user
from core.admin.confirmation import confirmed
from core.admin.recent_values import RecentValuesFilter
from core.admin.view_only import ReadOnlyAdmin
from kpis.admin.kpi_choices import kpi_choices, name_of
from outcomes.feedback import theme_actions
from outcomes.models import CommentAnalysis, Testimonial, Theme, TopicRun
from outcomes.tasks import read_feedback


class ThemeForm(forms.ModelForm):
    kpi = forms.ChoiceField(
        label=_("Related KPI"),
        choices=kpi_choices,
        help_text=_("The KPI that the theme relates to, suggested from its words."),
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
    """Show only the themes in use by default."""

    title = _("use")
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("merged", gettext("Merged into another theme")),
            ("all", gettext("All, including retired themes")),
        ]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": gettext("In use")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        if self.value() == "merged":
            return queryset.filter(merged_into__isnull=False)
        return queryset.filter(merged_into=None, retired_at=None)


@admin.register(Theme)
class ThemeAdmin(admin.ModelAdmin):
    """Let staff rename, pin and merge the themes that were found in comments."""

    form = ThemeForm
    list_display = ("name", "comments", "typical_words", "related_kpi", "is_pinned", "merged_into")
    list_editable = ("is_pinned",)
    list_filter = (InUseFilter, "is_pinned")
    list_select_related = ("merged_into",)
    search_fields = ("name", "key")
    readonly_fields = ("key", "typical_words", "created_at", "retired_at")
    actions = ("merge_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Theme]:
        rows: QuerySet[Theme] = super().get_queryset(request)
        return rows.annotate(comment_count=Count("analyses"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Theme | None = None) -> bool:
        return False

    @admin.display(description=_("comments"), ordering="comment_count")
    def comments(self, row: Theme) -> int:
        return row.comment_count  # type: ignore[attr-defined, no-any-return]

    @admin.display(description=_("Related KPI"), ordering="kpi")
    def related_kpi(self, row: Theme) -> str:
        return name_of(row.kpi)

    @admin.display(description=_("typical words"))
    def typical_words(self, row: Theme) -> str:
        return row.words

    def save_model(self, request: HttpRequest, obj: Theme, form: Any, change: bool) -> None:
        into = obj.merged_into
        if "merged_into" not in form.changed_data:
            super().save_model(request, obj, form, change)
            return
        # merging moves comments as well, so it is left to the actions below
        obj.merged_into_id = form.initial.get("merged_into")
        super().save_model(request, obj, form, change)
        if into is not None:
            theme_actions.merge(obj, into)
        else:
            theme_actions.undo_merge(obj)
            transaction.on_commit(read_feedback.delay)

    @admin.action(
        description=_("Merge into the theme with the most comments"), permissions=["change"]
    )
    @confirmed(
        title=_("Merge"),
        consequence=_("These themes become one, which cannot be undone."),
    )
    def merge_chosen(self, request: HttpRequest, queryset: QuerySet[Theme]) -> list[Theme]:
        into, *others = queryset.annotate(size=Count("analyses")).order_by("-size", "pk")
        for theme in others:
            theme_actions.merge(theme, into)
        sentence = ngettext(
            "%(count)s theme was merged into “%(theme)s”.",
            "%(count)s themes were merged into “%(theme)s”.",
            len(others),
        ) % {"count": len(others), "theme": into}
        self.message_user(request, sentence, messages.SUCCESS)
        return [into, *others] if others else []


@admin.register(CommentAnalysis)
class CommentAnalysisAdmin(ReadOnlyAdmin):
    """Show learners' comments with their language, sentiment and theme."""

    list_display = ("text", "theme", "mood", "sentiment", "language", "quotable", "approved")
    list_filter = (
        "response__may_quote",
        ("response__testimonial", admin.EmptyFieldListFilter),
        "theme",
        "mood",
        ("language", RecentValuesFilter),
        "response__answered_at",
    )
    list_select_related = ("theme", "response__testimonial")
    search_fields = ("text",)
    ordering = ("-pk",)
    show_full_result_count = False
    actions = ("approve",)

    @admin.display(boolean=True, description=_("may be quoted"))
    def quotable(self, row: CommentAnalysis) -> bool:
        return row.response.may_quote

    @admin.display(boolean=True, description=_("approved"))
    def approved(self, row: CommentAnalysis) -> bool:
        return hasattr(row.response, "testimonial")

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("outcomes.add_testimonial")

    @admin.action(description=_("Approve as testimonials"), permissions=["approve"])
    @confirmed(
        title=_("Approve as testimonials"),
        consequence=_("The dashboard quotes these comments, if their authors allowed it."),
    )
    def approve(self, request: HttpRequest, queryset: QuerySet[CommentAnalysis]) -> list[Any]:
        approved = []
        for comment in queryset:
            try:
                theme_actions.approve(comment.response, by=acting_user(request))
            except ValidationError as error:
                sentence = f"“{comment}”: {error.messages[0]}"
                self.message_user(request, sentence, messages.WARNING)
            else:
                approved.append(comment)
        if approved:
            sentence = ngettext(
                "%(count)s comment was approved.",
                "%(count)s comments were approved.",
                len(approved),
            ) % {"count": len(approved)}
            self.message_user(request, sentence, messages.SUCCESS)
        return approved


@admin.register(Testimonial)
class TestimonialAdmin(admin.ModelAdmin):
    """Show the approved comments; deleting a testimonial withdraws it."""

    list_display = ("text", "course", "shown", "approved_by", "approved_at")
    list_select_related = ("response__enrollment__run__course", "approved_by")
    search_fields = ("text",)
    fields: ClassVar[Any] = ("text", "course", "shown", "approved_by", "approved_at")
    readonly_fields: ClassVar[Any] = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("course"), ordering="response__enrollment__run__course__title")
    def course(self, row: Testimonial) -> str:
        return str(row.response.enrollment.run.course)

    @admin.display(boolean=True, description=_("shown"))
    def shown(self, row: Testimonial) -> bool:
        return row.response.may_quote and row.response.comment == row.text


@admin.register(TopicRun)
class TopicRunAdmin(ReadOnlyAdmin):
    list_display = ("searched_at", "comments", "themes")
