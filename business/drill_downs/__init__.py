"""The drill-down tables of the business KPIs; importing this package registers them."""

from __future__ import annotations

from business.drill_downs import (
    cohort_retention,
    enrollment_counts,
    lost_customers,
    referral,
    revenue,
)

__all__ = ["cohort_retention", "enrollment_counts", "lost_customers", "referral", "revenue"]
