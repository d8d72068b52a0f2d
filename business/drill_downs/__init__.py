"""Tables under the business KPIs; importing this package hangs them there."""

from __future__ import annotations

from business.drill_downs import churn, counts, referral, retention_cohorts, revenue

__all__ = ["churn", "counts", "referral", "retention_cohorts", "revenue"]
