from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from kpisite.checks import hosts_are_named

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("hosts", "found"),
    [
        (["kpi.example.org"], []),
        (["kpi.example.org", "localhost"], []),
        (["localhost", "127.0.0.1"], ["kpisite.E002"]),
        (["*"], ["kpisite.E001"]),
    ],
)
def test_a_deployment_answers_to_names_that_were_given(
    settings: Settings, hosts: list[str], found: list[str]
) -> None:
    settings.ALLOWED_HOSTS = hosts

    assert [message.id for message in hosts_are_named(None)] == found
