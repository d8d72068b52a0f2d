"""The admin of experiments: drafts, actions, units, analyses and the history."""

from __future__ import annotations

from experiments.admin import analyses, experiments, history, layers, units

__all__ = ["analyses", "experiments", "history", "layers", "units"]
