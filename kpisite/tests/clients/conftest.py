from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from kpisite.testing import clients
from kpisite.tests.clients.site import Site, serving
from kpisite.tests.clients.store import Store
from statements.models import SenderDefault


@pytest.fixture
def site(settings: Any) -> Iterator[Site]:
    """Serve content at another origin, from which a browser may call the store."""
    with serving(Site({"npm": clients.from_npm()})) as site:
        settings.KPI_XAPI_ORIGINS = [site.url]
        yield site


@pytest.fixture
def store(live_server: LiveServer) -> Store:
    """Return the store of a running server, for a tool whose statements are of one course."""
    store = Store(live_server.url)
    store.knows("stats", "units.example.org/means", "units.example.org/medians")
    SenderDefault.objects.create(sender="tool", course_key="stats")
    return store
