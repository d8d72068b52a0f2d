"""Two people set a value at the same moment."""

from __future__ import annotations

from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from accounts.tests.people import account
from curriculum.models import ParameterChange
from curriculum.parameter_definitions import REFUND_CUTOFF
from curriculum.parameters import create_missing, definition_of
from curriculum_pages.parameters import editing
from curriculum_pages.place_filters import Place

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_of_two_people_wins_and_the_other_learns_who(db: None) -> None:
    create_missing()
    people = [account("Ada", is_staff=True), account("Bo", is_staff=True)]
    opened, start = editing.version_of(REFUND_CUTOFF, Place()), Barrier(2)
    refused: list[str] = []

    def sets(by: User, to: int) -> None:
        start.wait()
        try:
            editing.set_value(
                definition_of(REFUND_CUTOFF), Place(), Decimal(to), reason="Mine.", by=by,
                effective_from=None, opened_with=opened,
            )  # fmt: skip
        except ValidationError as error:
            refused.extend(error.messages)
        finally:
            connection.close()

    threads = [Thread(target=sets, args=(by, to)) for by, to in zip(people, (9, 14), strict=True)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    winner = ParameterChange.objects.get().decided_by
    assert len(refused) == 1
    assert refused[0].startswith(f"{winner} changed Refund cut-off (Whole site) to ")
