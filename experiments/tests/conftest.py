from __future__ import annotations

import pytest

from accounts.models import User
from kpis.tests import kernel


@pytest.fixture
def few_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", is_staff=True)
