"""The slots for experiments: they draft one of the old value against a proposed one, and block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.registry import Registry
from curriculum.models import Parameter

# Says in a sentence why a parameter must not be changed now, or returns an empty text.
Blocks = Callable[[Parameter], str]
# A running experiment blocks what it changes.
BLOCKERS: Registry[Blocks] = Registry("Adjustment blockers")  # not translated: for programmers
# Drafts an experiment for a proposed adjustment.
DraftExperiment = Callable[[Any], None]
# Without any, the mode "experiment" of a rule cannot be chosen.
EXPERIMENTS: Registry[DraftExperiment] = Registry(
    "Experiment drafts"  # not translated: for programmers
)


def reason_to_wait(parameter: Parameter) -> str:
    """Return why a parameter must not be adjusted now, in a sentence; empty if it may be."""
    found = (blocks(parameter) for blocks in BLOCKERS.values())
    return next((reason for reason in found if reason), "")
