from __future__ import annotations

import pytest

from xapi.tests.lrs import Store


@pytest.fixture
def store(db: None) -> Store:
    return Store()
