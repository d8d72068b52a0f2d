"""The facts of outcomes: one row per what its KPIs are sums over."""

from __future__ import annotations
