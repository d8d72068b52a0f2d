"""When judging is asked for: after measuring, and after somebody sets a target."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from unittest.mock import MagicMock, patch

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from curriculum.models import User
from kpis import measure, tasks
from kpis.alerts import unjudged
from kpis.targets import set_target

KPI = "engagement.completion-rate"


@pytest.fixture
def asked() -> Iterator[MagicMock]:
    with patch("kpis.broker.ask_for") as ask_for:
        yield ask_for


def judgings(asked: MagicMock) -> int:
    return [call.args for call in asked.call_args_list].count((unjudged.TASK,))


@pytest.mark.django_db
def test_measuring_ends_with_judging(asked: MagicMock) -> None:
    with patch.object(measure, "measure_dirty", return_value=0):
        tasks.measure_dirty()

    assert judgings(asked) == 1


@pytest.mark.django_db
def test_a_target_that_somebody_sets_is_judged_once_it_is_committed(
    asked: MagicMock, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ada = User.objects.create_user("ada@example.com")
    with django_capture_on_commit_callbacks(execute=True):
        set_target(KPI, Decimal(90), by=ada)
        assert judgings(asked) == 0

    assert judgings(asked) == 1
