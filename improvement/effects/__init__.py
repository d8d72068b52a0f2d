"""The effect of a change of a curriculum parameter on a KPI: docs/effects.md."""

from __future__ import annotations

from improvement.effects.measuring import Measured, guard_worsened, measure
from improvement.effects.results import EffectResult, GuardResult
from improvement.effects.sentences import guard_sentence, sentence

__all__ = [
    "EffectResult",
    "GuardResult",
    "Measured",
    "guard_sentence",
    "guard_worsened",
    "measure",
    "sentence",
]
