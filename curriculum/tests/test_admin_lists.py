from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.api_keys import create_api_key
from accounts.tests.admin_pages import enrolled
from accounts.tests.people import account, course
from curriculum import parameters
from curriculum.models import Skill
from curriculum.parameter_definitions import WINDOW_FACTOR

pytestmark = pytest.mark.django_db


# session, account, rows and two counts, the queries of filters, three of the date hierarchy, and
# three of the header
MOST = 14


def fill(name: str) -> None:
    made = course(name, modules=2)
    Skill.objects.create(key=name, title=name).modules.set(made.modules.all())
    for who in ("Bo", "Cleo", "Dan"):
        enrolled(f"{who}-{name}", made)
    own = parameters.parameter_for(WINDOW_FACTOR, course=made)
    parameters.set_value(own, Decimal(2), reason="Holidays.", by=account(f"Changer-{name}"))
    create_api_key(name, ["kpis:read"], courses=[made])
    account(f"Manager-{name}", grants=(made,))


LISTS = (
    "accounts/apikey",
    "accounts/user",
    "curriculum/course",
    "curriculum/courserun",
    "curriculum/enrollment",
    "curriculum/learner",
    "curriculum/module",
    "curriculum/parameter",
    "curriculum/parameterchange",
    "curriculum/skill",
)


def queries_of(client: Client, name: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/admin/{name}/").status_code == 200
    return len(queries)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("name", LISTS)
def test_a_list_needs_as_many_queries_for_many_rows_as_for_few(client: Client, name: str) -> None:
    fill("py")
    few = queries_of(client, name)
    fill("sql")
    fill("ml")

    assert queries_of(client, name) == few
    assert few <= MOST
