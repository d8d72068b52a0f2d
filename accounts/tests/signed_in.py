from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.people import account


@pytest.fixture
def ada(client: Client) -> User:
    """Sign in a superuser."""
    user = account("Ada", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user
