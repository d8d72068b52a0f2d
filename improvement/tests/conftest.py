from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from accounts.models import User
from improvement.tests.admin_lists import NOW
from kpis.tests import kernel


@pytest.fixture
def few_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


@pytest.fixture
def _in_april_2026(few_kpis: None) -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", is_staff=True)
