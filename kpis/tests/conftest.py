from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from unittest.mock import patch

import pytest
from django.test import Client

from curriculum.models import User
from kpis.tests.measured import NOW, staff

TAG = re.compile("<[^>]*>")


class Visitor:
    """Somebody who reads pages; keeps the text of the last one, spaces drawn together."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client()
        self.status = 0
        self.html = ""
        if user:
            self.client.force_login(user)

    def reads(self, path: str) -> str:
        response = self.client.get(path)
        self.status = response.status_code
        self.html = response.content.decode()
        return " ".join(unescape(TAG.sub(" ", self.html)).split())


@pytest.fixture
def _in_july_2026() -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


@pytest.fixture
def ada(db: None, _in_july_2026: None) -> Visitor:
    return Visitor(staff())
