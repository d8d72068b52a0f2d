"""The files for Prometheus and Grafana: they can be read, and name metrics that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from kpisite.metrics.collector import SiteCollector

FOLDER = Path(settings.BASE_DIR) / "deploy" / "monitoring"
NAME = re.compile(r"\bkpi_[a-z_]+")
ENDINGS = ("", "_total", "_count", "_sum", "_bucket")
DURATION = re.compile(r"\d+[smhd]")


def in_yaml(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


def rules() -> list[dict[str, Any]]:
    return [rule for group in in_yaml("alerts.yml")["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "grafana.json").read_text())["panels"]
    return found


def expressions() -> list[str]:
    asked = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    return asked + [rule["expr"] for rule in rules()]


@pytest.mark.django_db
def test_every_metric_they_name_exists() -> None:
    families = {one.name for one in SiteCollector().collect()} | {
        *("kpi_http_request_seconds", "kpi_backup_age_seconds")
    }
    known = {family + ending for family in families for ending in ENDINGS}
    used = {name for one in expressions() for name in NAME.findall(one)}

    assert used <= known
    assert len(used) > 10


@pytest.mark.once
def test_brackets_and_durations_are_right() -> None:
    for one in expressions():
        assert all(one.count(left) == one.count(right) for left, right in ("()", "[]", "{}")), one
        assert all(DURATION.fullmatch(span) for span in re.findall(r"\[(.*?)\]", one)), one


@pytest.mark.once
def test_each_rule_says_what_to_do() -> None:
    for rule in rules():
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert DURATION.fullmatch(rule["for"])


@pytest.mark.once
def test_the_scrape_reads_the_rules_and_sends_the_token() -> None:
    config = in_yaml("prometheus.yml")
    (job,) = config["scrape_configs"]

    assert config["rule_files"] == ["alerts.yml"]
    assert job["metrics_path"] == "/metrics"
    assert job["authorization"] == {
        "type": "Bearer", "credentials_file": "/etc/prometheus/learning-kpis-token",
    }  # fmt: skip


@pytest.mark.once
def test_panels_have_their_own_places_and_titles() -> None:
    places = [panel["gridPos"] for panel in panels()]
    cells = [
        (x, y)
        for at in places
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["title"] for panel in panels()}) == len(panels())
    assert len({panel["id"] for panel in panels()}) == len(panels())
