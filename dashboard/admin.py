"""The links that other sites embed, and the reports that readers get, of everybody."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin.users import acting_user
from core import localized
from core.admin.view_only import ReadOnlyAdmin
from dashboard.embedding import links
from dashboard.models import EmbedLink, ReportSubscription
from dashboard.reports import subscriptions


@admin.register(EmbedLink)
class EmbedLinkAdmin(ReadOnlyAdmin):
    list_display = (
        "name", "kpi", "tab", "course", "made_by", "made_at", "expires_at", "withdrawn_at",
        "withdrawn_by",
    )  # fmt: skip
    list_filter = (("withdrawn_at", admin.EmptyFieldListFilter), "course")
    list_select_related = ("course", "made_by", "withdrawn_by")
    search_fields = ("name", "made_by__email", "made_by__name")
    actions = ("withdraw",)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("dashboard.change_embedlink")

    @admin.action(description=gettext_lazy("Withdraw the selected links"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[EmbedLink]) -> None:
        count = sum(links.withdraw(one, by=acting_user(request)) for one in rows)
        message = ngettext("%(count)s link withdrawn.", "%(count)s links withdrawn.", count)
        self.message_user(request, message % {"count": localized.number(count)})


@admin.register(ReportSubscription)
class ReportSubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("user", "shown", "query", "frequency", "made_at", "ended_at", "ended")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "frequency", "ended")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name", "kpi", "tab", "query")
    actions = ("end",)

    @admin.display(description=gettext_lazy("page"))
    def shown(self, row: ReportSubscription) -> str:
        return subscriptions.title_of(row)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("dashboard.change_reportsubscription")

    @admin.action(description=gettext_lazy("End the selected reports"), permissions=["end"])
    def end(self, request: HttpRequest, rows: QuerySet[ReportSubscription]) -> None:
        count = sum(subscriptions.end(one, subscriptions.Ended.BY_STAFF) for one in rows)
        message = ngettext("%(count)s report ended.", "%(count)s reports ended.", count)
        self.message_user(request, message % {"count": localized.number(count)})
