"""A program that reads KPIs through the API."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.access import create_api_key
from curriculum.models import Course

SMALL = ("kpis:read", "kpis:small-groups")


class Consumer:
    """A program with an API key."""

    def __init__(self, *scopes: str, courses: tuple[Course, ...] = ()) -> None:
        _, secret = create_api_key("bi", scopes or SMALL, courses=courses)
        self.client = Client(
            headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False
        )

    def asks(self, path: str = "test/started", **query: Any) -> Any:
        return self.client.get(f"/api/kpi/{path}", query, content_type=None)

    def reads(self, path: str = "test/started", **query: Any) -> Any:
        response = self.asks(path, **query)
        assert response.status_code == 200, response.content
        return response.json()
