"""Write down what happens to an experiment, in the transaction that changes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import ApiKey, User
from experiments.models import Experiment, ExperimentEvent

# whoever acts: an account, an API key, or the product itself
Actor = User | ApiKey | None


def account_of(by: Actor) -> User | None:
    """Return the account that acts; None for an API key, which the history names instead."""
    return by if isinstance(by, User) else None


def record(
    experiment: Experiment,
    kind: str,
    *,
    at: datetime,
    by: Actor = None,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **changes: object,
) -> ExperimentEvent:
    """Change the fields of an experiment that the caller has locked, and add to its history.

    `before` and `after` say what changed beside these fields.
    """
    key = {"api_key": by.name} if isinstance(by, ApiKey) else {}
    fields = [Experiment._meta.get_field(name).attname for name in changes]  # type: ignore[union-attr]
    was = {name: getattr(experiment, name) for name in fields if name != "plan"}
    for name, value in changes.items():
        setattr(experiment, name, value)
    experiment.version += 1
    experiment.save(update_fields=[*changes, "version"])
    return ExperimentEvent.objects.create(
        experiment=experiment,
        kind=kind,
        at=at,
        by=account_of(by),
        reason=reason,
        before={**was, **(before or {})},
        after={**{name: getattr(experiment, name) for name in was}, **(after or {}), **key},
    )
