"""The facts of business. Keys of payments and subscriptions are those of the shop."""

from __future__ import annotations

from business.models import (
    Customer,
    Invitation,
    Payment,
    Referral,
    Subscription,
    SubscriptionPause,
)
from exports.tables import Column, ExportedTable, export, refers, row_id

CUSTOMER = Column("customer", "", "Pseudonym.", source="customer_id", of="customer")

export(
    ExportedTable(
        "customer",
        Customer,
        "Buyers: learners, and organizations with seats.",
        (
            row_id("the customer"),
            Column("customer", "", "Pseudonym, as in other tables.", source="id", of="customer"),
            Column("learner", "", "Pseudonym.", source="learner_id", of="learner"),
            Column("kind", "", "`learner` or `organisation`."),
            Column("seats", "seats", "Seats of an organization."),
        ),
        course=None,
    )
)
export(
    ExportedTable(
        "payment",
        Payment,
        "Booked payments, and refunds with negative amounts.",
        (
            row_id("the booking"),
            Column("is_refund", "", "Whether it is a refund."),
            CUSTOMER,
            refers("course_id", "course"),
            Column("amount", "smallest unit", "Such as cents; negative for a refund."),
            Column("currency", "", "ISO 4217 code."),
            Column("booked_at", "", "When it was booked."),
        ),
        course="course_id",
    )
)
export(
    ExportedTable(
        "subscription",
        Subscription,
        "Times in which a customer holds a subscription or purchase.",
        (
            row_id("the time"),
            CUSTOMER,
            refers("course_id", "course"),
            Column("kind", "", "`subscription` or `purchase`."),
            Column("plan", "", "Name of the plan."),
            Column("started_at", "", "When it began."),
            Column("ended_at", "", "When it ended; null while it lasts."),
            Column("ended_by", "", "`cancelled` or `finished`."),
        ),
        course="course_id",
    )
)
export(
    ExportedTable(
        "subscription_pause",
        SubscriptionPause,
        "Pauses of subscriptions.",
        (
            row_id("the pause"),
            refers("subscription_id", "subscription"),
            Column("started_at", "", "When it began."),
            Column("ended_at", "", "When it ended; null while it lasts."),
        ),
        course="subscription__course_id",
    )
)
export(
    ExportedTable(
        "referral_invitation",
        Invitation,
        "Invitations that learners sent.",
        (
            row_id("the invitation"),
            Column("learner", "", "Pseudonym.", source="learner_id", of="learner"),
            refers("course_id", "course"),
            Column("sent_at", "", "When it was sent."),
            Column("channel", "", "How it was sent."),
        ),
        course="course_id",
    )
)
export(
    ExportedTable(
        "referral",
        Referral,
        "Reported referrals of learners to courses.",
        (
            row_id("the referral"),
            Column("learner", "", "Pseudonym.", source="learner_id", of="learner"),
            Column("referrer", "", "Pseudonym.", source="referrer_id", of="learner"),
            refers("course_id", "course"),
            refers("enrollment_id", "enrollment"),
            Column("accepted_at", "", "When it was accepted."),
            Column("rejected", "", "Why it does not count; empty if it does."),
        ),
        course="course_id",
    )
)
