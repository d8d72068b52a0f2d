"""Who gets which variant: deterministic, kept, and answered from a cache."""

from __future__ import annotations

from experiments.assignment.assign import Placement, assign, assign_runs
from experiments.assignment.hashing import bucket, position

__all__ = ["Placement", "assign", "assign_runs", "bucket", "position"]
