"""Tables under the business KPIs; importing this package hangs them there."""

from __future__ import annotations

from business.drill_downs import cohort_retention, counts, lost_customers, referral, revenue

__all__ = ["cohort_retention", "counts", "lost_customers", "referral", "revenue"]
