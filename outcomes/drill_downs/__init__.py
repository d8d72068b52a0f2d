"""Tables under the outcome KPIs; importing this package hangs them there."""

from __future__ import annotations
