"""The stylesheets that a template lists as a bundle are one file once they are collected."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import engines
from django.template.loader import render_to_string

from kpisite import static_bundles
from kpisite.static_bundles import BundlingStorage

pytestmark = pytest.mark.once
SITE = "css/site.css"


@pytest.fixture
def collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BundlingStorage:
    """Collect what the stylesheets of the site need."""
    storage = BundlingStorage(location=tmp_path, base_url="/static/")
    # the checkout may have other bundles, whose parts are not collected here
    only = [(SITE, dict(static_bundles.bundles())[SITE])]
    monkeypatch.setattr(static_bundles, "bundles", lambda: iter(only))
    paths = {}
    for name in [*only[0][1], "css/dark.css", "css/print.css", "js/theme.js"]:
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(Path(str(finders.find(name))).read_bytes())
        paths[name] = (storage, name)
    list(storage.post_process(paths))
    return storage


def test_a_bundle_joins_its_stylesheets_in_order(collected: BundlingStorage) -> None:
    parts = dict(static_bundles.bundles())[SITE]
    joined = "\n".join(Path(collected.path(one)).read_text() for one in parts)

    assert parts[0] == "css/tokens.css"
    assert Path(collected.path(SITE)).read_text() == joined


def test_a_bundle_has_a_hashed_name_and_is_compressed(collected: BundlingStorage) -> None:
    path = Path(collected.path(collected.stored_name(SITE)))

    assert path.name != "site.css"
    assert path.with_name(f"{path.name}.gz").exists()


def test_pages_link_the_bundle(collected: BundlingStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("core.templatetags.bundles", "django.contrib.staticfiles.storage"):
        monkeypatch.setattr(f"{module}.staticfiles_storage", collected)
    html = render_to_string("_stylesheets.html")

    assert html.count("<link") == 3
    assert f'href="{collected.url(SITE)}"' in html


def test_without_collected_files_pages_link_each_stylesheet() -> None:
    html = engines["django"].from_string(
        "{% load bundles static %}{% bundle 'css/x.css' %}{% static 'css/a.css' %}{% endbundle %}"
    )

    assert html.render() == "/static/css/a.css"
