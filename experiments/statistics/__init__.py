"""The statistics of experiments: pure functions of sums. No Django here.

docs/experiment-statistics.md says what is computed and by which conventions.
"""

from __future__ import annotations

from experiments.statistics.arms import ArmSums, BeforeSums, Kind
from experiments.statistics.clusters import Cluster, design_effect, intraclass_correlation
from experiments.statistics.comparison import Comparison, Method, Unknown, compare
from experiments.statistics.guardrails import Guardrail, non_inferiority
from experiments.statistics.multiple_tests import holm
from experiments.statistics.power import (
    Design,
    MeanBaseline,
    ShareBaseline,
    achieved_power,
    baseline_of,
    detectable_effect,
    planned_units,
)
from experiments.statistics.sample_ratio import sample_ratio

__all__ = (
    "ArmSums",
    "BeforeSums",
    "Cluster",
    "Comparison",
    "Design",
    "Guardrail",
    "Kind",
    "MeanBaseline",
    "Method",
    "ShareBaseline",
    "Unknown",
    "achieved_power",
    "baseline_of",
    "compare",
    "design_effect",
    "detectable_effect",
    "holm",
    "intraclass_correlation",
    "non_inferiority",
    "planned_units",
    "sample_ratio",
)
