from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.admin.users import acting_user
from core.admin.view_only import ReadOnlyAdmin
from notifications.delivery import deliver
from notifications.models import Channel, DigestUnsubscribe, Notification, new_secret


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
    change_form_template = "admin/notifications/channel/change_form.html"
    list_display = ("name", "kind", "place", "least_severity", "is_active", "waiting", "dead")
    list_editable = ("is_active",)
    list_filter = ("kind", "is_active", "least_severity", "courses")
    # not by address: who may not see a secret one could search for it letter by letter
    search_fields = ("name",)
    autocomplete_fields = ("courses", "rules")
    readonly_fields = ("place", "secret_end")
    actions = ("send_a_test",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        rows: QuerySet[Channel] = super().get_queryset(request)
        return rows.annotate(
            waiting=Count("notifications", filter=Q(notifications__state="waiting")),
            dead=Count("notifications", filter=Q(notifications__state="dead")),
        )

    def get_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """Show the secret while a channel is made, and whoever may only look no address either."""
        shown = {"secret": "secret_end"} if obj else {}
        if not self.has_change_permission(request, obj):
            shown |= {"address": "place"}
        return [shown.get(name, name) for name in ChannelForm.Meta.fields]

    @admin.display(description="address")
    def place(self, channel: Channel) -> str:
        """Where it leads: the path of a webhook is a secret, that of Slack the only one."""
        if channel.kind not in (Channel.Kind.WEBHOOK, Channel.Kind.SLACK):
            return channel.address
        parts = urlsplit(channel.address)
        return f"{parts.scheme}://{parts.hostname}/…"

    @admin.display(description="secret")
    def secret_end(self, channel: Channel) -> str:
        return f"ends in {channel.secret[-4:]}"

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
        """Save, and do what the button says that was pressed."""
        if "_test" in request.POST:
            self._test(request, obj)
        elif "_new_secret" in request.POST:
            self._renew(request, obj)
        else:
            return super().response_change(request, obj)
        return HttpResponseRedirect(request.path)

    def _renew(self, request: HttpRequest, channel: Channel) -> None:
        channel.secret = new_secret()
        channel.save(update_fields=["secret"])
        self.message_user(
            request,
            f"The secret of {channel} is {channel.secret} : copy it now, it is not shown again.",
            messages.WARNING,
        )

    def _test(self, request: HttpRequest, channel: Channel) -> None:
        try:
            row = deliver.send_test(channel, asked_by=acting_user(request).email)
        except ValueError as error:
            self.message_user(request, f"{channel}: {error}", messages.WARNING)
            return
        if row.state == Notification.State.SENT:
            self.message_user(request, f"{channel}: the test was sent.", messages.SUCCESS)
        else:
            self.message_user(request, f"{channel}: {row.last_error}", messages.ERROR)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """The outbox; what was given up can be tried again."""

    list_display = (
        "key", "channel", "to", "course", "state", "attempts", "next_try_at", "sent_at",
        "last_error",
    )  # fmt: skip
    list_filter = ("state", "channel", "course")
    list_select_related = ("channel", "course")
    date_hierarchy = "created_at"
    search_fields = ("key", "to", "last_error")
    exclude = ("payload",)
    readonly_fields = ("message",)
    actions = ("try_again",)

    @admin.display
    def message(self, row: Notification) -> str:
        """What it says, but for the link by which its reader alone ends the weekly summary."""
        shown = {key: value for key, value in row.payload.items() if key != "unsubscribe"}
        return json.dumps(shown, ensure_ascii=False, indent=1)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("notifications.change_notification")

    @admin.action(description="Try the selected again", permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Notification]) -> None:
        count = deliver.try_again(rows)
        self.message_user(request, f"Tried again within a minute: {count}.")


@admin.register(DigestUnsubscribe)
class SummaryRefusalAdmin(ReadOnlyAdmin):
    """Who wants no weekly summary; they can take it back by the link in any of them."""

    list_display = ("user", "at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
