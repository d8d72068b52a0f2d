from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from curriculum.admin.people import acting
from curriculum.admin.view_only import ViewOnlyAdmin
from kpis.models import Channel, Notification, SummaryRefusal
from kpis.notices import delivery


class ChannelForm(forms.ModelForm):
    """A channel that something can be sent to."""

    class Meta:
        model = Channel
        fields = (
            "name", "kind", "address", "secret", "is_active", "least_severity", "is_limited",
            "courses", "rules",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("courses") and not cleaned.get("is_limited"):
            self.add_error("is_limited", "Tick this to have only the courses chosen told.")
        return cleaned


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):
    """Where alerts are told. “Send a test” says at once whether it works."""

    form = ChannelForm
    change_form_template = "admin/kpis/channel/change_form.html"
    list_display = ("name", "kind", "address", "least_severity", "is_active", "waiting", "dead")
    list_editable = ("is_active",)
    list_filter = ("kind", "is_active", "least_severity", "courses")
    search_fields = ("name", "address")
    autocomplete_fields = ("courses", "rules")
    actions = ("send_a_test",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        rows: QuerySet[Channel] = super().get_queryset(request)
        return rows.annotate(
            waiting=Count("notifications", filter=Q(notifications__state="waiting")),
            dead=Count("notifications", filter=Q(notifications__state="dead")),
        )

    @admin.display(ordering="waiting")
    def waiting(self, channel: Any) -> int:
        return int(channel.waiting)

    @admin.display(description="given up", ordering="dead")
    def dead(self, channel: Any) -> int:
        return int(channel.dead)

    @admin.action(description="Send a test to the selected", permissions=["change"])
    def send_a_test(self, request: HttpRequest, channels: QuerySet[Channel]) -> None:
        for channel in channels:
            self._test(request, channel)

    def response_change(self, request: HttpRequest, obj: Channel) -> HttpResponse:
        """Save, and where it was the button that was pressed, test what was saved."""
        if "_test" not in request.POST:
            return super().response_change(request, obj)
        self._test(request, obj)
        return HttpResponseRedirect(request.path)

    def _test(self, request: HttpRequest, channel: Channel) -> None:
        try:
            row = delivery.send_test(channel, asked_by=acting(request).email)
        except ValueError as error:
            self.message_user(request, f"{channel}: {error}", messages.WARNING)
            return
        if row.state == Notification.State.SENT:
            self.message_user(request, f"{channel}: the test was sent.", messages.SUCCESS)
        else:
            self.message_user(request, f"{channel}: {row.last_error}", messages.ERROR)


@admin.register(Notification)
class NotificationAdmin(ViewOnlyAdmin):
    """The outbox; what was given up can be tried again."""

    list_display = (
        "key", "channel", "to", "course", "state", "attempts", "next_try_at", "sent_at",
        "last_error",
    )  # fmt: skip
    list_filter = ("state", "channel", "course")
    list_select_related = ("channel", "course")
    date_hierarchy = "created_at"
    search_fields = ("key", "to", "last_error")
    actions = ("try_again",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return acting(request).has_perm("kpis.change_notification")

    @admin.action(description="Try the selected again", permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Notification]) -> None:
        count = delivery.try_again(rows)
        self.message_user(request, f"Tried again within a minute: {count}.")


@admin.register(SummaryRefusal)
class SummaryRefusalAdmin(ViewOnlyAdmin):
    """Who wants no weekly summary; they can take it back by the link in any of them."""

    list_display = ("user", "at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
