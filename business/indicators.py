"""The business KPIs; what each number means is docs/kpis.md."""

from __future__ import annotations

from kpis.categories import category

category(
    "business",
    "Business & Growth",
    about="What carries the teaching: enrolment, retention, referral and revenue, with the "
    "trajectory of the last four months.",
    awaits="invitations or payments",
)
