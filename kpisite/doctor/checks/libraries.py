"""Whether what the settings ask for is installed."""

from __future__ import annotations

from collections.abc import Iterator

from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check
from kpisite.observing import errors, traces


@check("observing.libraries", "Sentry and OpenTelemetry")
def libraries() -> Iterator[Problem | str]:
    wanted = {"KPI_SENTRY_DSN": errors.problem(), "OTEL_…": traces.problem()}
    for setting, why in wanted.items():
        if why:
            yield Problem(
                why, setting, "Run: pip install --requirement requirements-observability.txt"
            )
    is_on = {"Sentry": errors.is_wanted(), "OpenTelemetry": traces.is_wanted()}
    yield " ".join(f"{name} is {'on' if on else 'off'}." for name, on in is_on.items())
