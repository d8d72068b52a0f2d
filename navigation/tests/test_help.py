from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.tests.people import account, course
from kpis.definitions.registry import REGISTRY
from navigation.guides import guides, sections, what_is_new
from navigation.markdown import anchor_of, render

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LINK = re.compile(r'href="(/help/guide/([^"#]+)(?:#([^"]+))?)"')


def client_of(name: str = "Ada", *, is_staff: bool = True) -> Client:
    client = Client()
    client.force_login(account(name, is_staff=is_staff))
    return client


def test_each_kpi_has_its_definition_by_its_key() -> None:
    page = client_of().get("/help/kpis").content.decode()

    assert [key for key in REGISTRY if f'id="{key}"' not in page] == []
    assert "Of the 165 learners whose deadline fell in October, 148 had finished" in page


def test_a_kpi_leads_to_its_definition() -> None:
    page = client_of().get("/kpi-dashboard/engagement.depth").content.decode()

    assert 'href="/help/kpis#engagement.depth"' in page


def test_links_between_guides_lead_to_headings_that_exist() -> None:
    wrong = [
        (guide.name, address)
        for guide in guides().values()
        for address, name, anchor in LINK.findall(guide.document.html)
        if name not in guides() or (anchor and f'id="{anchor}"' not in guides()[name].document.html)
    ]

    assert wrong == []


def test_every_listed_guide_exists() -> None:
    for reads_kpis in (True, False):
        assert all(some for _title, some in sections(reads_kpis=reads_kpis, is_staff=True))


def test_what_is_new_is_the_change_log() -> None:
    page = client_of().get("/whats-new").content.decode()

    assert what_is_new().html in page
    assert "0.1.0" in page


def test_html_in_a_document_is_shown_as_text() -> None:
    html = render("# Title\n\n<script>x</script> [a](../README.md)", lambda _target: None).html

    assert "<script>" not in html
    assert "<span>a</span>" in html


def test_headings_have_the_anchors_of_github() -> None:
    assert anchor_of("engagement.completion-rate") == "engagementcompletion-rate"
    assert anchor_of("Old events & data") == "old-events--data"


@pytest.mark.parametrize("name", ["nothing", "../settings", "decisions", "..%2f..%2fmanage"])
def test_no_other_file_is_served(name: str) -> None:
    assert client_of().get(f"/help/guide/{name}").status_code == 404


def test_learners_see_the_guide_of_their_pages_alone() -> None:
    course("py")
    page = client_of("Cleo", is_staff=False).get("/help").content.decode()

    assert re.findall(r'href="/help/guide/([^"]+)"', page) == ["learners"]
