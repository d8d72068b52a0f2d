"""Evaluation is requested after recomputing, and after a target is set."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from unittest.mock import MagicMock, patch

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from alerts.evaluation import pending_evaluations
from kpis import tasks
from kpis.query.targets import set_target
from kpis.recompute import recompute_stale

KPI = "engagement.completion-rate"


@pytest.fixture
def asked() -> Iterator[MagicMock]:
    with patch("core.task_queue.enqueue_once") as ask_for:
        yield ask_for


def judgings(asked: MagicMock) -> int:
    return [call.args for call in asked.call_args_list].count((pending_evaluations.TASK,))


@pytest.mark.django_db
def test_recomputing_queues_an_evaluation(asked: MagicMock) -> None:
    with patch.object(recompute_stale, "recompute_stale", return_value=0):
        tasks.recompute()

    assert judgings(asked) == 1


@pytest.mark.django_db
def test_setting_a_target_queues_an_evaluation_on_commit(
    asked: MagicMock, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ada = User.objects.create_user("ada@example.com")
    with django_capture_on_commit_callbacks(execute=True):
        set_target(KPI, Decimal(90), by=ada)
        assert judgings(asked) == 0

    assert judgings(asked) == 1
