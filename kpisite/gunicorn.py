"""Configuration of gunicorn: `gunicorn --config python:kpisite.gunicorn kpisite.wsgi`."""

from __future__ import annotations

from typing import Any

from kpisite import settings
from kpisite.launcher.memory import limit_arenas
from kpisite.launcher.parent_death import die_with_parent

bind = f"{settings.BIND}:{settings.PORT}"
worker_class = "gthread"
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
# load the code once before forking: faster start, less memory, and a wrong setting stops the start
preload_app = True
timeout = 60
graceful_timeout = 3
keepalive = 5
# live updates of open pages alone make up to a hundred requests a second
max_requests = 500_000
max_requests_jitter = 50_000
control_socket_disable = True
logconfig_dict = settings.LOGGING

limit_arenas()


def on_starting(server: Any) -> None:
    """Count from zero; the counts of processes that ended since are kept until the next start."""
    if settings.KPI_METRICS_TOKEN:
        for file in settings.KPI_METRICS_DIR.glob("*.db"):
            file.unlink()


def post_fork(server: Any, worker: Any) -> None:
    die_with_parent(worker.ppid)
