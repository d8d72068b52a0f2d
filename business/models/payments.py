"""Payments and refunds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from business.models.customers import Customer
from core.changes import reported
from curriculum.models import Course
from intake.models import EventFact

# payments whose customer or course comes from their subscription or, for a refund, their payment
INCOMPLETE = Q(is_customer_reported=False) | Q(is_course_reported=False)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def counted(self) -> PaymentQuerySet:
        """Payments of customers who are neither staff nor test accounts."""
        return self.exclude(customer__in=Customer.objects.uncounted())


@reported("booked_at")
class Payment(EventFact):
    """A booked payment, or a refund with a negative amount."""

    sender = models.CharField(
        max_length=100, blank=True, help_text=_("Empty if the payment has its own key.")
    )
    key = models.CharField(
        max_length=200, help_text=_("The key of the payment or, without one, the id of its event.")
    )
    is_refund = models.BooleanField("refund", default=False)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, blank=True)
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, related_name="+")
    # a field that its event did not report comes from the subscription or the refunded payment
    is_customer_reported = models.BooleanField(default=False, editable=False)
    is_course_reported = models.BooleanField(default=False, editable=False)
    amount = models.BigIntegerField(
        help_text=_("In the smallest unit of the currency. Negative for a refund.")
    )
    currency = models.CharField(max_length=3, help_text=_("ISO 4217 code."))
    booked_at = models.DateTimeField()
    subscription_key = models.CharField("subscription", max_length=200, blank=True)
    payment_key = models.CharField(
        "refund of", max_length=200, blank=True, help_text=_("The key of the refunded payment.")
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ("-booked_at",)
        constraints = (
            models.UniqueConstraint("sender", "key", "is_refund", name="one_booking_per_key"),
            models.CheckConstraint(
                condition=Q(is_refund=False, amount__gt=0) | Q(is_refund=True, amount__lt=0),
                name="payments_are_positive_and_refunds_negative",
            ),
        )
        indexes = (
            models.Index(fields=("currency", "booked_at"), name="payment_by_day"),
            models.Index(fields=("booked_at",), name="payment_by_moment"),
            # conditional, because lookups by these keys concern few rows
            models.Index(
                fields=("subscription_key",), condition=INCOMPLETE, name="payment_of_subscription"
            ),
            models.Index(
                fields=("payment_key",), condition=Q(is_refund=True), name="refund_of_payment"
            ),
        )

    def __str__(self) -> str:
        text = gettext("refund %(key)s") if self.is_refund else gettext("payment %(key)s")
        return text % {"key": self.key}
