from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from business.models import (
    Customer,
    Invitation,
    Payment,
    Referral,
    ReferralCode,
    Subscription,
    SubscriptionMoment,
    SubscriptionPause,
)
from business.money import major
from business.referral_codes import code_of
from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from curriculum.models import Learner
from intake.csv.pages import CsvImportMixin


class SubscriptionInline(ReadOnlyInline):
    model = Subscription
    fields = ("key", "course", "kind", "plan", "started_at", "ended_at", "ended_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        return super().get_queryset(request).select_related("course")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Customers come with what they buy."""

    list_display = ("__str__", "kind", "key", "seats")
    list_filter = ("kind",)
    search_fields = ("key", "name")
    show_full_result_count = False
    inlines = (SubscriptionInline,)


class PauseInline(ReadOnlyInline):
    model = SubscriptionPause
    fields = ("started_at", "ended_at")


@admin.register(Subscription)
class SubscriptionAdmin(CsvImportMixin, ReadOnlyAdmin):
    csv_kinds = (
        "subscription.started",
        "subscription.paused",
        "subscription.resumed",
        "subscription.cancelled",
        "subscription.finished",
    )
    list_display = (
        "key", "customer", "course", "kind", "plan", "started_at", "ended_at", "ended_by"
    )  # fmt: skip
    list_filter = ("kind", "ended_by", "customer__kind", "course")
    list_select_related: ClassVar[Any] = ("customer", "course")
    date_hierarchy = "started_at"
    search_fields = ("key__exact", "customer__key__exact")
    search_help_text = "The subscription's or the customer's key, whole."
    show_full_result_count = False
    inlines = (PauseInline,)


@admin.register(SubscriptionMoment)
class SubscriptionMomentAdmin(ReadOnlyAdmin):
    """What senders said; subscriptions follow from it."""

    list_display = ("key", "what", "at", "customer", "course")
    list_filter = ("what",)
    list_select_related: ClassVar[Any] = ("customer", "course")
    search_fields = ("key__exact",)
    search_help_text = "The subscription's key, whole."
    show_full_result_count = False


@admin.register(Payment)
class PaymentAdmin(CsvImportMixin, ReadOnlyAdmin):
    csv_kinds = ("payment.received", "payment.refunded")
    list_display = ("key", "amount_in_currency", "is_refund", "customer", "course", "booked_at")
    list_filter = ("is_refund", "currency", "course")
    list_select_related: ClassVar[Any] = ("customer", "course")
    date_hierarchy = "booked_at"
    search_fields = ("key__exact", "payment_key__exact", "customer__key__exact")
    search_help_text = "The key of a payment, of the payment refunded, or of a customer, whole."
    show_full_result_count = False

    @admin.display(description="amount", ordering="amount")
    def amount_in_currency(self, row: Payment) -> str:
        return f"{major(row.amount, row.currency):,f} {row.currency}"


@admin.register(Invitation)
class InvitationAdmin(CsvImportMixin, ReadOnlyAdmin):
    csv_kinds = ("invitation.sent",)
    list_display = ("learner", "course", "sent_at", "channel", "code")
    list_filter = ("channel", "course")
    list_select_related: ClassVar[Any] = ("learner", "course")
    date_hierarchy = "sent_at"
    search_fields = ("learner__key__exact", "code__exact")
    show_full_result_count = False


@admin.register(Referral)
class ReferralAdmin(CsvImportMixin, ReadOnlyAdmin):
    """Every claim that somebody came by a code, and why those do not count that do not."""

    csv_kinds = ("referral.accepted",)
    list_display = ("learner", "course", "referrer", "code", "accepted_at", "refused")
    list_filter = ("refused", "course")
    list_select_related: ClassVar[Any] = ("learner", "course", "referrer")
    date_hierarchy = "accepted_at"
    search_fields = ("learner__key__exact", "referrer__key__exact", "code__exact")
    show_full_result_count = False


@admin.register(ReferralCode)
class ReferralCodeAdmin(admin.ModelAdmin):
    """The codes of learners. A new one is made for whom it is added; none is changed."""

    list_display = ("learner", "__str__", "link", "made_at")
    list_select_related = ("learner",)
    search_fields = ("code__exact", "learner__key", "learner__name")
    autocomplete_fields = ("learner",)
    fields = ("learner",)
    show_full_result_count = False

    @admin.display
    def link(self, row: ReferralCode) -> str:
        address = reverse("business:follow", args=[row.code])
        return format_html('<a href="{}">{}</a>', address, address)

    def save_model(self, request: HttpRequest, obj: ReferralCode, *more: Any) -> None:
        """Make the code; the form has checked that the learner has none."""
        made = code_of(Learner.objects.get(pk=obj.learner_id))
        obj.pk, obj.code, obj.made_at = made.pk, made.code, made.made_at

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
