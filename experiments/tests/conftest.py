from __future__ import annotations

import pytest

from accounts.models import User
from kpis.tests import kernel
from kpis.tests.visitors import _in_july_2026

__all__ = ["_in_july_2026"]


@pytest.fixture
def few_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", is_staff=True)
