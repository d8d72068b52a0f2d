"""Where the web processes of this host keep their counts for /metrics."""

from __future__ import annotations

import os

from kpisite.settings.options import KPI_DATA_DIR, KPI_METRICS_TOKEN

KPI_METRICS_DIR = KPI_DATA_DIR / "metrics"
if KPI_METRICS_TOKEN:
    KPI_METRICS_DIR.mkdir(mode=0o700, exist_ok=True)
    # prometheus_client reads it when it is imported
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(KPI_METRICS_DIR)
