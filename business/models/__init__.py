"""The facts of business: who buys, what they pay, and whom they bring."""

from __future__ import annotations

from business.models.customers import Customer
from business.models.payments import Payment
from business.models.referrals import Invitation, Referral, ReferralCode, RememberedCode
from business.models.subscriptions import Subscription, SubscriptionMoment, SubscriptionPause

__all__ = [
    "Customer",
    "Invitation",
    "Payment",
    "Referral",
    "ReferralCode",
    "RememberedCode",
    "Subscription",
    "SubscriptionMoment",
    "SubscriptionPause",
]
