"""Measurements with their earlier values, and targets."""

from __future__ import annotations

from exports.tables import Column, ExportedTable, export, refers, row_id
from kpis.models import Measurement, Restatement, Target

SUMS = (
    Column("n", "observations", "Number of observations."),
    Column("total", "see `kpi`", "Numerator. Shares are from 0 to 1, money in cents."),
    Column("weight", "see `kpi`", "Denominator; the value is `total` ÷ `weight` if above 0."),
    Column("learners", "learners", "Number of different learners."),
    Column("units", "people", "People whose contributions are compared; null for totals."),
    Column("yy", "squared", "Sum of their squared numerators."),
    Column("xx", "squared", "Sum of their squared denominators."),
    Column("xy", "squared", "Sum of the products of numerators and denominators."),
)

export(
    ExportedTable(
        "measurement",
        Measurement,
        "The sums of one KPI in one scope and period.",
        (
            row_id("the measurement"),
            Column("kpi", "", "Key of the KPI, as in `/api/kpi`."),
            Column("scope", "", "`site`, `course`, `run` or `module`."),
            Column("scope_id", "", "`id` in the table of the scope; 0 for the site."),
            refers("course_id", "course"),
            Column("period_kind", "", "`day`, `week`, `month` or `quarter`."),
            Column("period_start", "day", "First day of the period."),
            *SUMS,
            Column("definition_version", "", "Version of the KPI's definition."),
            Column("computed_at", "", "When it was computed."),
            Column("restated_at", "", "When late data last changed it after it was closed."),
        ),
        course="course_id",
    )
)
export(
    ExportedTable(
        "restatement",
        Restatement,
        "The sums of a closed period before late data changed them.",
        (
            row_id("the earlier value"),
            refers("measurement_id", "measurement"),
            *SUMS,
            Column("computed_at", "", "When this earlier value was computed."),
            Column("restated_at", "", "When it was replaced."),
        ),
        course="measurement__course_id",
    )
)
export(
    ExportedTable(
        "target",
        Target,
        "What a KPI should reach, in versions.",
        (
            row_id("the version"),
            Column("kpi", "", "Key of the KPI."),
            refers("course_id", "course"),
            Column("version", "", "Counts up by KPI and course."),
            Column("value", "as shown", "In the KPI's unit: 85 means 85%."),
            Column("valid_from", "day", "First day it applies; null: from the beginning."),
        ),
        course="course_id",
        is_detailed=False,
    )
)
