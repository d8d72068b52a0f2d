"""The OpenAPI schema is valid, and the API complies with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from accounts.api_keys import create_api_key
from accounts.tests.people import course, run_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# few examples and always the same, so that runs are comparable
FEW = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.once
def test_the_schema_is_valid_and_complete() -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file="/dev/null")


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Keep the connection of the test's transaction open between requests, like Django's client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def secret(db: None, _one_connection: None) -> str:
    run_of(course("py", modules=2))
    return create_api_key(
        "bi", ["kpis:read", "kpis:small-groups", "experiments:read", "facts:read"]
    )[1]


@pytest.fixture
def api(secret: str) -> OpenApiSchema:
    headers = {"Authorization": f"Bearer {secret}"}
    path = "/api/schema?format=json"
    found = schemathesis.openapi.from_wsgi(path, WSGIHandler(), headers=headers)
    return cast("OpenApiSchema", found.include(method="GET"))


def test_every_response_matches_the_schema(api: OpenApiSchema, secret: str) -> None:
    # without a server it does not decompress
    headers = {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
    operations = [result.ok() for result in api.get_all_operations() if isinstance(result, Ok)]
    for operation in operations:

        @FEW
        @given(operation.as_strategy())
        def keeps_its_word(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        keeps_its_word()

    assert len(operations) >= 5
