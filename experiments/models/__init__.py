"""Experiments: the plan, who is in which variant, who was exposed, analyses and the history."""

from __future__ import annotations

from experiments.models.analyses import Analysis, AnalysisResult
from experiments.models.experiments import Experiment
from experiments.models.history import Deviation, ExperimentEvent, ShippedChange
from experiments.models.layers import Layer
from experiments.models.plan import Metric, Variant, VariantValue
from experiments.models.revision import Revision
from experiments.models.units import Assignment, Exposure, ForcedVariant

__all__ = [
    "Analysis",
    "AnalysisResult",
    "Assignment",
    "Deviation",
    "Experiment",
    "ExperimentEvent",
    "Exposure",
    "ForcedVariant",
    "Layer",
    "Metric",
    "Revision",
    "ShippedChange",
    "Variant",
    "VariantValue",
]
