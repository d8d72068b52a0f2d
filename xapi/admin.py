from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.confirmation import confirmed
from core.admin.recent_values import RecentValuesFilter
from core.admin.view_only import ReadOnlyAdmin
from core.admin.work_queue import add_to_work_queue
from xapi.models import (
    ActivityProfile,
    AgentProfile,
    RefusedStatement,
    SenderRules,
    State,
    Statement,
)
from xapi.statements.formats import exact
from xapi.statements.refused import StillRefusedError, let_in


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    """Stored statements; senders void theirs themselves."""

    list_display = ("stored", "timestamp", "verb", "sender", "version", "is_voided", "uuid")
    list_filter = (("sender", RecentValuesFilter), "is_voided", "version", "stored")
    list_select_related = ("verb",)
    search_fields = ("uuid__exact", "registration__exact")
    show_full_result_count = False
    readonly_fields = ("answered",)
    fields = (
        ("uuid", "sent_id"),
        ("sender", "version"),
        ("timestamp", "stored"),
        ("verb", "registration"),
        ("is_voided", "is_voiding"),
        "sent",
        "answered",
    )

    @admin.display(description=_("as it is read"))
    def answered(self, statement: Statement) -> str:
        return exact(statement)


@admin.register(RefusedStatement)
class RefusedStatementAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "sender", "statement_id", "is_clash", "reason", "resolved_at")
    list_filter = (
        ("resolved_at", admin.EmptyFieldListFilter),
        "is_clash",
        ("sender", RecentValuesFilter),
        "received_at",
    )
    search_fields = ("statement_id__exact",)
    actions = ("let_selected_in",)

    def has_let_in_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("xapi.change_refusedstatement")

    @admin.action(description=_("Let the selected statements in"), permissions=["let_in"])
    @confirmed(
        title=_("Let in"),
        consequence=_("These statements are stored by the present leniencies of their senders."),
    )
    def let_selected_in(self, request: HttpRequest, rows: QuerySet[RefusedStatement]) -> list[Any]:
        done = []
        for row in rows.filter(resolved_at=None).order_by("pk"):
            values: dict[str, Any] = {"statement": row}
            try:
                let_in(row)
            except StillRefusedError as error:
                message = gettext("%(statement)s was refused again: %(reason)s")
                values["reason"] = error
                self.message_user(request, message % values, messages.ERROR)
            else:
                message = gettext("%(statement)s was let in.")
                self.message_user(request, message % values, messages.SUCCESS)
                done.append(row)
        return done


@admin.register(SenderRules)
class SenderRulesAdmin(admin.ModelAdmin):
    list_display = (
        "key", "gives_own_ids", "own_ids_given", "allows_group_activities",
        "group_activities_taken", "ignores_cachebuster", "cachebusters_ignored",
        "overwrites_profiles", "profiles_overwritten",
    )  # fmt: skip
    list_select_related = ("key",)
    search_fields = ("key__name",)
    readonly_fields = (
        "own_ids_given", "group_activities_taken", "cachebusters_ignored", "profiles_overwritten",
    )  # fmt: skip
    fields = (
        "key",
        ("gives_own_ids", "own_ids_given"),
        ("allows_group_activities", "group_activities_taken"),
        ("ignores_cachebuster", "cachebusters_ignored"),
        ("overwrites_profiles", "profiles_overwritten"),
    )


class DocumentAdmin(ReadOnlyAdmin):
    search_fields = ("key__exact",)
    show_full_result_count = False
    readonly_fields = ("shown",)
    list_filter = (("sender", RecentValuesFilter), "updated_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [field.name for field in self.model._meta.concrete_fields]
        return [*(name for name in names if name not in ("id", "content")), "shown"]

    @admin.display(description=_("content"))
    def shown(self, document: Any) -> str:
        return bytes(document.content).decode(errors="replace")


@admin.register(State)
class StateAdmin(DocumentAdmin):
    list_display = ("key", "activity", "agent", "registration", "sender", "updated_at")
    list_select_related = ("activity", "agent")


@admin.register(ActivityProfile)
class ActivityProfileAdmin(DocumentAdmin):
    list_display = ("key", "activity", "sender", "updated_at")
    list_select_related = ("activity",)


@admin.register(AgentProfile)
class AgentProfileAdmin(DocumentAdmin):
    list_display = ("key", "agent", "sender", "updated_at")
    list_select_related = ("agent",)


add_to_work_queue(
    _("Refused xAPI statements"),
    lambda: RefusedStatement.objects.filter(resolved_at=None),
    "xapi.change_refusedstatement",
    page="admin:xapi_refusedstatement_changelist",
    query="resolved_at__isempty=1",
)
