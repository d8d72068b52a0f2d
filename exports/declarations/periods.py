"""The calendar of periods, which is computed and so needs no pulling."""

from __future__ import annotations

from exports.tables import Column

MEANING = "Days, ISO weeks, months and quarters in the site's time zone that have begun."
# the first period of each kind in the view
FIRST = {
    "day": "2000-01-01",
    "week": "2000-01-03",
    "month": "2000-01-01",
    "quarter": "2000-01-01",
}
PERIOD_COLUMNS = (
    Column("period_kind", "", "`day`, `week`, `month` or `quarter`."),
    Column("period_start", "day", "First day, as in `measurement`."),
    Column("last_day", "day", "Last day."),
    Column("starts_at", "", "First moment."),
    Column("ends_at", "", "First moment after it."),
    Column("state", "", "`open`, `provisional` (late data may come) or `closed`."),
    Column("label", "", "ISO label: `2026-11-22`, `2026-W47`, `2026-11` or `2026-Q4`."),
)
