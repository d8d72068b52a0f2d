"""The slot for experiments: they draft one of the old value against a proposed one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.registry import Registry

# Drafts an experiment for a proposed adjustment.
DraftExperiment = Callable[[Any], None]
# Without any, the mode "experiment" of a rule cannot be chosen.
EXPERIMENTS: Registry[DraftExperiment] = Registry(
    "Experiment drafts"  # not translated: for programmers
)
