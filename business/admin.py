"""Customers, payments and referrals in the admin: read-only, except for new referral codes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from business.models import (
    Customer,
    Invitation,
    OrganizationGrant,
    Payment,
    Referral,
    ReferralCode,
    Seat,
    Subscription,
    SubscriptionChange,
    SubscriptionPause,
)
from business.money import major
from business.referral_codes import code_of
from core import localized
from core.admin.recent_values import RecentValuesFilter
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
    """Customers follow from the events about what they buy."""

    list_display = ("__str__", "kind", "key", "seats")
    list_filter = ("kind",)
    search_fields = ("key", "name")
    show_full_result_count = False
    inlines = (SubscriptionInline,)


@admin.register(Seat)
class SeatAdmin(admin.ModelAdmin):
    list_display = ("learner", "organization")
    list_filter = (("organization", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("learner", "organization")
    search_fields = ("learner__key", "organization__name", "organization__key")
    autocomplete_fields = ("learner", "organization")


@admin.register(OrganizationGrant)
class OrganizationGrantAdmin(admin.ModelAdmin):
    """Who manages the seats of which organization."""

    list_display = ("user", "organization")
    list_select_related = ("user", "organization")
    search_fields = ("user__email", "organization__name", "organization__key")
    autocomplete_fields = ("user", "organization")


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
    search_help_text = _("Enter the full key of a subscription or customer.")
    show_full_result_count = False
    inlines = (PauseInline,)


@admin.register(SubscriptionChange)
class SubscriptionChangeAdmin(ReadOnlyAdmin):
    """The events that subscriptions follow from."""

    list_display = ("key", "change", "at", "customer", "course")
    list_filter = ("change",)
    ordering = ("-pk",)
    list_select_related: ClassVar[Any] = ("customer", "course")
    search_fields = ("key__exact",)
    search_help_text = _("Enter the full key of a subscription.")
    show_full_result_count = False


@admin.register(Payment)
class PaymentAdmin(CsvImportMixin, ReadOnlyAdmin):
    csv_kinds = ("payment.received", "payment.refunded")
    list_display = ("key", "amount_in_currency", "is_refund", "customer", "course", "booked_at")
    list_filter = ("is_refund", ("currency", RecentValuesFilter), "course")
    list_select_related: ClassVar[Any] = ("customer", "course")
    date_hierarchy = "booked_at"
    search_fields = ("key__exact", "payment_key__exact", "customer__key__exact")
    search_help_text = _("Enter the full key of a payment, of a refunded payment or of a customer.")
    show_full_result_count = False

    @admin.display(description=_("amount"), ordering="amount")
    def amount_in_currency(self, row: Payment) -> str:
        return localized.amount(major(row.amount, row.currency), row.currency)


@admin.register(Invitation)
class InvitationAdmin(CsvImportMixin, ReadOnlyAdmin):
    csv_kinds = ("invitation.sent",)
    list_display = ("learner", "course", "sent_at", "channel", "code")
    list_filter = (("channel", RecentValuesFilter), "course")
    list_select_related: ClassVar[Any] = ("learner", "course")
    date_hierarchy = "sent_at"
    search_fields = ("learner__key__exact", "code__exact")
    show_full_result_count = False


@admin.register(Referral)
class ReferralAdmin(CsvImportMixin, ReadOnlyAdmin):
    """All reported referrals, with the reason where one was rejected."""

    csv_kinds = ("referral.accepted",)
    list_display = ("learner", "course", "referrer", "code", "accepted_at", "rejected")
    list_filter = ("rejected", "course")
    list_select_related: ClassVar[Any] = ("learner", "course", "referrer")
    date_hierarchy = "accepted_at"
    search_fields = ("learner__key__exact", "referrer__key__exact", "code__exact")
    show_full_result_count = False


@admin.register(ReferralCode)
class ReferralCodeAdmin(admin.ModelAdmin):
    """The referral codes of learners. Codes can be added but not changed."""

    list_display = ("learner", "__str__", "link", "created_at")
    list_select_related = ("learner",)
    search_fields = ("code__exact", "learner__key", "learner__name")
    autocomplete_fields = ("learner",)
    fields = ("learner",)
    show_full_result_count = False

    @admin.display(description=_("link"))
    def link(self, row: ReferralCode) -> str:
        address = reverse("business:follow", args=[row.code])
        return format_html('<a href="{}">{}</a>', address, address)

    def save_model(self, request: HttpRequest, obj: ReferralCode, *more: Any) -> None:
        """Create the code; the form has checked that the learner has none yet."""
        created = code_of(Learner.objects.get(pk=obj.learner_id))
        obj.pk, obj.code, obj.created_at = created.pk, created.code, created.created_at

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
