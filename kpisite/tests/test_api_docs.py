from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/schema", "/api/docs"])
def test_strangers_cannot_see_the_reference(client: Client, address: str) -> None:
    assert client.get(address).status_code in {302, 401, 403}


@pytest.mark.django_db
def test_the_schema_describes_every_route_in_openapi_3_1(client: Client) -> None:
    client.force_login(User.objects.create_user("ada@example.com"))

    schema = client.get("/api/schema", headers={"Accept": "application/json"})

    assert schema.status_code == 200
    assert b"3.1.0" in schema.content
