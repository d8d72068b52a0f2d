"""How far ahead a change may be planned."""

from __future__ import annotations

from datetime import timedelta

MAX_AHEAD = timedelta(days=731)
