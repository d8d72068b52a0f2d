"""Channels, the outbox, and who has unsubscribed, in the admin."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.admin.users import acting_user
from core import localized
from core.admin.confirmation import confirmed
from core.admin.view_only import ReadOnlyAdmin
from core.admin.work_queue import add_to_work_queue
from notifications.delivery import deliver
from notifications.delivery.transports import TRANSPORTS, transport_of
from notifications.models import Channel, DigestUnsubscribe, Notification, new_secret


class ChannelForm(forms.ModelForm):
    """Reject addresses that nothing can be sent to."""

    class Meta:
        model = Channel
        fields = (
            "name", "kind", "address", "secret", "is_active", "gets_alerts",
            "gets_parameter_changes", "gets_restatements",
            "min_severity", "is_limited", "courses", "rules",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("courses") and not cleaned.get("is_limited"):
            error = gettext("Select this to limit the channel to the courses chosen.")
            self.add_error("is_limited", error)
        is_webhook = cleaned.get("kind") in (Channel.Kind.WEBHOOK, Channel.Kind.SLACK)
        if cleaned.get("gets_parameter_changes") and not is_webhook:
            error = gettext("Only webhooks receive changes of parameters.")
            self.add_error("gets_parameter_changes", error)
        if cleaned.get("gets_restatements") and cleaned.get("kind") != Channel.Kind.WEBHOOK:
            error = gettext("Only webhooks receive restated figures.")
            self.add_error("gets_restatements", error)
        if cleaned.get("kind") in TRANSPORTS:
            TRANSPORTS[cleaned["kind"]].validate(cleaned.get("address", ""))
        return cleaned

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if not address.isprintable():
            raise ValidationError(gettext("Remove line breaks and other invisible characters."))
        return address


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):
    form = ChannelForm
    change_form_template = "admin/notifications/channel/change_form.html"
    list_display = (
        "name", "kind", "visible_address", "min_severity", "is_active", "waiting_count",
        "failed_count",
    )  # fmt: skip
    list_editable = ("is_active",)
    list_filter = ("kind", "is_active", "min_severity", "courses")
    # not by address: users who may not see a secret one could search for it letter by letter
    search_fields = ("name",)
    autocomplete_fields = ("courses", "rules")
    readonly_fields = ("visible_address", "secret_end")
    actions = ("send_a_test",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        rows: QuerySet[Channel] = super().get_queryset(request)
        return rows.annotate(
            waiting_count=Count("notifications", filter=Q(notifications__state="waiting")),
            failed_count=Count("notifications", filter=Q(notifications__state="dead")),
        )

    def get_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """Show the secret only for a new channel, and the full address only to editors."""
        shown = {"secret": "secret_end"} if obj else {}
        if not self.has_change_permission(request, obj):
            shown |= {"address": "visible_address"}
        return [shown.get(name, name) for name in ChannelForm.Meta.fields]

    @admin.display(description=gettext_lazy("address"))
    def visible_address(self, channel: Channel) -> str:
        return transport_of(channel).visible_address(channel)

    @admin.display(description=gettext_lazy("secret"))
    def secret_end(self, channel: Channel) -> str:
        return gettext("ends in %(end)s") % {"end": channel.secret[-4:]}

    @admin.display(description=gettext_lazy("waiting"), ordering="waiting_count")
    def waiting_count(self, channel: Any) -> int:
        return int(channel.waiting_count)

    @admin.display(description=gettext_lazy("failed"), ordering="failed_count")
    def failed_count(self, channel: Any) -> int:
        return int(channel.failed_count)

    @admin.action(
        description=gettext_lazy("Send a test to the selected channels"), permissions=["change"]
    )
    @confirmed(
        title=gettext_lazy("Send a test"),
        consequence=gettext_lazy("A test message is sent to each of these channels."),
    )
    def send_a_test(self, request: HttpRequest, channels: QuerySet[Channel]) -> list[Channel]:
        return [one for one in channels if self._send_test(request, one)]

    def response_change(self, request: HttpRequest, obj: Channel) -> HttpResponse:
        """Perform the action of the button pressed."""
        if "_test" in request.POST:
            self._send_test(request, obj)
        elif "_new_secret" in request.POST:
            self._renew_secret(request, obj)
        else:
            return super().response_change(request, obj)
        return HttpResponseRedirect(request.path)

    def _renew_secret(self, request: HttpRequest, channel: Channel) -> None:
        channel.secret = new_secret()
        channel.save(update_fields=["secret"])
        message = gettext(
            "New secret of %(channel)s: %(secret)s – copy it now. It is shown only once."
        )
        values = {"channel": channel, "secret": channel.secret}
        self.message_user(request, message % values, messages.WARNING)

    def _send_test(self, request: HttpRequest, channel: Channel) -> bool:
        """Return whether a test was tried; a channel may have nobody to send it to."""
        try:
            row = deliver.send_test(channel, requested_by=acting_user(request).email)
        except ValueError as error:
            self.message_user(request, f"{channel}: {error}", messages.WARNING)
            return False
        if row.state == Notification.State.SENT:
            message = gettext("%(channel)s: the test was sent.") % {"channel": channel}
            self.message_user(request, message, messages.SUCCESS)
        else:
            self.message_user(request, f"{channel}: {row.last_error}", messages.ERROR)
        return True


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
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
    actions = ("retry",)

    @admin.display(description=gettext_lazy("message"))
    def message(self, row: Notification) -> str:
        """The payload without the personal unsubscribe link of a weekly summary."""
        shown = {key: value for key, value in row.payload.items() if key != "unsubscribe"}
        return json.dumps(shown, ensure_ascii=False, indent=1)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("notifications.change_notification")

    @admin.action(
        description=gettext_lazy("Retry the selected notifications"), permissions=["retry"]
    )
    @confirmed(
        title=gettext_lazy("Retry"),
        consequence=gettext_lazy("These notifications are sent again to the same addresses."),
    )
    def retry(self, request: HttpRequest, rows: QuerySet[Notification]) -> list[Notification]:
        failed = list(rows.filter(state=Notification.State.DEAD))
        count = deliver.retry(rows)
        message = ngettext(
            "%(count)s notification will be sent again within a minute.",
            "%(count)s notifications will be sent again within a minute.",
            count,
        )
        self.message_user(request, message % {"count": localized.number(count)})
        return failed


@admin.register(DigestUnsubscribe)
class DigestUnsubscribeAdmin(ReadOnlyAdmin):
    list_display = ("user", "at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")


add_to_work_queue(
    gettext_lazy("Notifications that failed permanently"),
    lambda: Notification.objects.filter(state=Notification.State.DEAD),
    "notifications.change_notification",
    page="admin:notifications_notification_changelist",
    query=f"state__exact={Notification.State.DEAD}",
)
