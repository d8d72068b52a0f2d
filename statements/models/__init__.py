from __future__ import annotations

from statements.models.caliper import CaliperEvent
from statements.models.identifiers import LearnerIdentifier
from statements.models.mappings import Mapping, SenderDefault
from statements.models.patterns import InterpretedStatement, Pattern
from statements.models.units import Unit, UnitReport

__all__ = [
    "CaliperEvent",
    "InterpretedStatement",
    "LearnerIdentifier",
    "Mapping",
    "Pattern",
    "SenderDefault",
    "Unit",
    "UnitReport",
]
