from __future__ import annotations

from django.db import models
from django.db.models import Q

from business.models.customers import Customer
from curriculum.models import Course

# whose customer or course is to be taken from the subscription or the payment
UNREPORTED = Q(is_customer_told=False) | Q(is_course_told=False)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def counted(self) -> PaymentQuerySet:
        """All but those of staff and test accounts."""
        return self.exclude(customer__in=Customer.objects.uncounted())


class Payment(models.Model):
    """Money that was booked: a payment, or a refund, which is below zero."""

    sender = models.CharField(
        max_length=100, blank=True, help_text="Empty where the payment has a key of its own."
    )
    key = models.CharField(max_length=200, help_text="The payment's key, or else its event's id.")
    is_refund = models.BooleanField("refund", default=False)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, blank=True)
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, related_name="+")
    # what is not told is taken from the subscription or, of a refund, from its payment
    is_customer_told = models.BooleanField(default=False, editable=False)
    is_course_told = models.BooleanField(default=False, editable=False)
    amount = models.BigIntegerField(help_text="In the currency's smallest unit; a refund's < 0.")
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    booked_at = models.DateTimeField()
    subscription_key = models.CharField("subscription", max_length=200, blank=True)
    payment_key = models.CharField(
        "refund of", max_length=200, blank=True, help_text="The payment's key."
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
            # of the few that are looked for by what they name: most would name nothing
            models.Index(
                fields=("subscription_key",), condition=UNREPORTED, name="payment_of_subscription"
            ),
            models.Index(
                fields=("payment_key",), condition=Q(is_refund=True), name="refund_of_payment"
            ),
        )

    def __str__(self) -> str:
        return f"{'refund' if self.is_refund else 'payment'} {self.key}"
