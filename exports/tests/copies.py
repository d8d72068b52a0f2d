"""A copy of exported tables, kept by a program that knows nothing but the API."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.api_keys import create_api_key
from curriculum.models import Course

ALL = ("facts:read", "kpis:small-groups")


def client_of(name: str, *scopes: str, courses: tuple[Course, ...] = ()) -> Client:
    _, secret = create_api_key(name, list(scopes or ALL), courses=list(courses))
    return Client(headers={"Authorization": f"Bearer {secret}"})


class Copy:
    """The rows of one table by id, and the cursor to go on from."""

    def __init__(self, client: Client, table: str, limit: int = 2) -> None:
        self.client, self.table, self.limit = client, table, limit
        self.rows: dict[int, dict[str, Any]] = {}
        self.cursor = ""
        self.pages = 0

    def pull(self) -> Copy:
        """Pull until there is nothing more."""
        while self.step():
            pass
        return self

    def step(self) -> bool:
        """Pull one page; return whether there is more."""
        page = self.page()
        self.rows |= {row["id"]: row for row in page["rows"]}
        for pk in page["deleted"]:
            self.rows.pop(pk, None)
        self.cursor = page["next"]
        self.pages += 1
        return bool(page["has_more"])

    def page(self, **more: Any) -> dict[str, Any]:
        given = {"limit": self.limit} | ({"since": self.cursor} if self.cursor else {}) | more
        response = self.client.get(f"/api/export/{self.table}", given)
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found

    def problem(self, **given: Any) -> tuple[int, str, str]:
        response = self.client.get(f"/api/export/{self.table}", {"since": self.cursor} | given)
        body = response.json()
        return response.status_code, body["code"], body["detail"]

    def keys(self, column: str = "key") -> set[Any]:
        return {row[column] for row in self.rows.values()}
