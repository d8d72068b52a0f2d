"""The docs describe exactly what the registries contain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from curriculum.parameters import DECLARED
from intake.event_kinds import KINDS
from kpis.api import response_models
from kpis.definitions.registry import REGISTRY
from kpis.query import query_params

pytestmark = pytest.mark.once

DOTTED = re.compile(r"^#+ `?([a-z]+\.[a-z-]+)`?$", re.MULTILINE)


def document(name: str) -> str:
    return (Path(settings.BASE_DIR) / "docs" / name).read_text()


def headings(name: str) -> list[str]:
    return sorted(DOTTED.findall(document(name)))


def test_every_kpi_has_a_heading() -> None:
    assert headings("kpis.md") == sorted(REGISTRY)


def test_every_kind_of_event_has_a_heading() -> None:
    assert headings("events.md") == sorted(KINDS)


ROOT = Path(settings.BASE_DIR)
PAGES = sorted(
    one.relative_to(ROOT)
    for place in (".", "docs", "docs/decisions")
    for one in (ROOT / place).glob("*.md")
)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_links_of_a_page_lead_to_existing_files(page: Path) -> None:
    links = LINK.findall((ROOT / page).read_text())

    assert [one for one in links if not (ROOT / page.parent / one).exists()] == []


def section(key: str) -> str:
    return document("kpis.md").partition(f"## {key}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("key", REGISTRY)
def test_the_section_of_a_kpi_names_its_target_and_drill_downs(key: str) -> None:
    indicator, text = REGISTRY[key], section(key)

    assert indicator.target is None or f"target {indicator.target}" in " ".join(text.split())
    assert [one for one in indicator.drill_downs if f"`{one}`" not in text] == []


def test_every_status_is_explained() -> None:
    explained = re.findall(r"^\| `([a-z_]+)` \|", document("kpis.md"), re.MULTILINE)

    assert sorted(explained) == sorted(response_models.STATUSES)


def test_every_declared_parameter_is_explained() -> None:
    rows = re.findall(r"^\| `([a-z.-]+)` \|", document("parameters.md"), re.MULTILINE)

    assert sorted(rows) == sorted(DECLARED)


def test_every_parameter_is_explained() -> None:
    assert [name for name in query_params.ALL if f"`{name}`" not in document("api.md")] == []
