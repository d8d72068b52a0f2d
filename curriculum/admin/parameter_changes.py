"""The changes of parameters, and what staff decide about those that are proposed."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.confirmation import confirmed
from core.admin.view_only import ReadOnlyAdmin
from curriculum import parameters
from curriculum.admin.parameters import linked_source, signed_in_user
from curriculum.models import ParameterChange


@admin.register(ParameterChange)
class ParameterChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "parameter", "values", "status", "reason", "proposed_by", "proposed_at", "decided_by",
        "effective_from",
    )  # fmt: skip
    readonly_fields = ("source",)
    list_filter = ("status", "parameter__role", "parameter__key", "parameter__course")
    list_select_related = (
        "parameter__course", "parameter__run__course", "parameter__module", "proposed_by",
        "decided_by",
    )  # fmt: skip
    date_hierarchy = "proposed_at"
    search_fields = ("parameter__key", "parameter__name", "reason")
    actions = ("approve", "reject", "revert")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("curriculum.change_parameter")

    @admin.display(description=_("change"))
    def values(self, change: ParameterChange) -> str:
        return change.values

    @admin.display(description=_("source"))
    def source(self, change: ParameterChange) -> str:
        return linked_source(parameters.sources_of([change.pk]).get(change.pk))

    @admin.action(description=_("Approve the selected proposals"), permissions=["decide"])
    @confirmed(
        title=_("Approve"),
        consequence=_("The proposed values apply from their day."),
    )
    def approve(
        self, request: HttpRequest, changes: QuerySet[ParameterChange]
    ) -> list[ParameterChange]:
        return self._each(
            request, changes, lambda one: parameters.apply(one, by=signed_in_user(request))
        )

    @admin.action(description=_("Reject the selected proposals"), permissions=["decide"])
    @confirmed(
        title=_("Reject"),
        consequence=_("These proposals are closed, and nothing changes."),
    )
    def reject(
        self, request: HttpRequest, changes: QuerySet[ParameterChange]
    ) -> list[ParameterChange]:
        return self._each(
            request, changes, lambda one: parameters.reject(one, by=signed_in_user(request))
        )

    @admin.action(description=_("Revert the selected changes"), permissions=["decide"])
    @confirmed(
        title=_("Revert"),
        consequence=_("The values from before these changes apply again."),
    )
    def revert(
        self, request: HttpRequest, changes: QuerySet[ParameterChange]
    ) -> list[ParameterChange]:
        by = signed_in_user(request)
        # without a name: webhooks send the reason
        reason = gettext("Reverted in the admin.")
        return self._each(
            request, changes, lambda one: parameters.revert(one, reason=reason, by=by)
        )

    def _each(
        self,
        request: HttpRequest,
        changes: QuerySet[ParameterChange],
        verb: Callable[[ParameterChange], object],
    ) -> list[ParameterChange]:
        """Apply the verb to each change, show one message per change, and return those done."""
        done = []
        for change in changes:
            try:
                verb(change)
            except ValidationError as error:
                self.message_user(request, f"{change}: {error.messages[0]}", messages.ERROR)
            else:
                change.refresh_from_db()
                self.message_user(request, f"{change}: {change.get_status_display()}")
                done.append(change)
        return done
