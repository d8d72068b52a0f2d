"""What Prometheus reads: of the site, of the tasks, and of several web processes together."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from accounts.api_keys import create_api_key
from curriculum.models import Course
from kpis.models import StaleDay
from kpisite.metrics import tasks
from kpisite.tests.product import clean_environment, free_port, wait_until

TOKEN = "a-token-of-prometheus"


@pytest.fixture
def metered(settings: Settings, tmp_path: Path) -> Settings:
    settings.KPI_METRICS_TOKEN = TOKEN
    settings.KPI_METRICS_DIR = tmp_path
    return settings


def read(client: Client, token: str = TOKEN) -> dict[tuple[str, str], float]:
    """Return the samples of the page by name and labels."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return samples(answer.content.decode())


def samples(text: str) -> dict[tuple[str, str], float]:
    return {
        (one.name, " ".join(value for _, value in sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


@pytest.mark.django_db
def test_without_a_token_there_is_no_such_page(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("metered")
@pytest.mark.parametrize("given", ["", "Bearer wrong", "Bearer é", TOKEN])
def test_nobody_reads_it_without_the_token(client: Client, given: str) -> None:
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 401


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("metered")
def test_it_tells_what_waits_and_what_came_in(client: Client) -> None:
    Course.objects.create(key="py", title="Python")
    today = timezone.now().date()
    StaleDay.objects.create(
        key="x", first=today, last=today, since=timezone.now() - timedelta(hours=1)
    )
    _, secret = create_api_key("lms", ["events:write"])
    client.post(
        "/api/events", "[{}]", "application/json", headers={"Authorization": f"Bearer {secret}"}
    )
    found = read(client)

    assert found["kpi_events_total", "api rejected"] == 1
    assert found["kpi_rejected_events_open", ""] == 1
    assert found["kpi_stale_marks", "days"] == 1
    assert 3_590 < found["kpi_recompute_lag_seconds", ""] < 3_700
    assert found["kpi_up", "database"] == 1
    assert found["kpi_up", "worker"] == 0
    assert found["kpi_alerts_open", "critical"] == 0
    assert found["kpi_database_bytes", ""] > 0


@pytest.mark.django_db
@pytest.mark.usefixtures("metered")
def test_tasks_are_counted_with_their_seconds(client: Client) -> None:
    for took in (0.05, 0.3, 7_200.0):
        tasks.count("kpis.tasks.recompute", "success", took)
    found = read(client)

    name = "kpis.tasks.recompute"
    assert found["kpi_tasks_total", f"success {name}"] == 3
    buckets = {edge: found["kpi_task_seconds_bucket", f"{edge} {name}"] for edge in ("0.1", "0.5")}
    assert buckets == {"0.1": 1, "0.5": 2}
    assert found["kpi_task_seconds_count", name] == 3
    assert found["kpi_task_seconds_sum", name] == pytest.approx(7_200.35)


@pytest.mark.once
def test_without_a_database_the_rest_is_there() -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://kpi:x@127.0.0.1:1/kpi",
        "KPI_METRICS_TOKEN": TOKEN,
        "DJANGO_SETTINGS_MODULE": "kpisite.settings",
    }
    script = (
        "import django; django.setup()\n"
        "from prometheus_client import CollectorRegistry, generate_latest\n"
        "from kpisite.metrics.collector import SiteCollector\n"
        "registry = CollectorRegistry(); registry.register(SiteCollector())\n"
        "print(generate_latest(registry).decode())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=site.BASE_DIR, env=environment, capture_output=True, check=True, text=True,
    )  # fmt: skip
    found = samples(ended.stdout)

    assert found["kpi_up", "database"] == 0
    assert found["kpi_up", "valkey"] == 1
    assert ("kpi_stale_marks", "days") not in found


@pytest.mark.once
def test_several_web_processes_are_counted_together(tmp_path: Path) -> None:
    port = free_port()
    environment = clean_environment(
        KPI_DATA_DIR=str(tmp_path), PORT=str(port), KPI_DEMO="no", KPI_METRICS_TOKEN=TOKEN,
        WEB_WORKERS="2", KPI_BASE_URL="http://localhost",
    )  # fmt: skip

    def get(path: str) -> str:
        request = Request(
            f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            return str(answer.read().decode())

    def serves() -> bool:
        try:
            return bool(get("/health/web?of=ada@example.org"))
        except OSError:
            return False

    with subprocess.Popen(
        [sys.executable, "-m", "kpisite.launcher.web"], cwd=site.BASE_DIR, env=environment
    ) as server:
        try:
            assert wait_until(serves)
            for _ in range(30):
                get("/health/web")
            text = get("/metrics")
        finally:
            server.terminate()
    found = samples(text)

    assert found["kpi_http_request_seconds_count", "GET /health/web 200"] == 31
    assert len(list((tmp_path / "metrics").glob("histogram_*.db"))) == 2
    assert "ada" not in text
