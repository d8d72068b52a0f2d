from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from support.tests.classes import NOW


@pytest.fixture
def _in_july() -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=NOW):
        yield
