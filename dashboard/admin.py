"""The links that other sites embed, for those who may see and withdraw those of others."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin.users import acting_user
from core import localized
from core.admin.view_only import ReadOnlyAdmin
from dashboard.embedding import links
from dashboard.models import EmbedLink


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
