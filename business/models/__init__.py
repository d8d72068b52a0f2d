"""The facts that the business KPIs are computed from."""

from __future__ import annotations

from business.models.customers import Customer
from business.models.organizations import OrganizationGrant, Seat
from business.models.payments import Payment
from business.models.referrals import Invitation, Referral, ReferralCode, RememberedCode
from business.models.subscriptions import Subscription, SubscriptionChange, SubscriptionPause

__all__ = [
    "Customer",
    "Invitation",
    "OrganizationGrant",
    "Payment",
    "Referral",
    "ReferralCode",
    "RememberedCode",
    "Seat",
    "Subscription",
    "SubscriptionChange",
    "SubscriptionPause",
]
