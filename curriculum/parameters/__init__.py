"""Declare parameters, look up their values at a moment, and propose, set and revert values.

Code declares the parameters, and staff may add some. A row holds the value of one scope: the whole
site, a course, a run or a module. Every change of a value goes through `changes`, which keeps the
history.
"""

from __future__ import annotations

from curriculum.parameters.added import add, describe, require_free_key, restore, retire
from curriculum.parameters.change_sources import CHANGE_SOURCES, ChangeSource, sources_of
from curriculum.parameters.changes import (
    apply,
    check,
    check_moment,
    definition_in_use,
    parameter_for,
    propose,
    reject,
    require_adjustable,
    revert,
    set_value,
    value_in_force,
)
from curriculum.parameters.declared_rows import create_missing, follow_declarations
from curriculum.parameters.definitions import (
    DECLARED,
    SCOPE_KINDS,
    ParameterDefinition,
    UnknownParameterError,
    declare,
    definition_of,
    load,
    load_all,
)
from curriculum.parameters.values import (
    ARMS,
    Arms,
    FoundValue,
    ParameterHistory,
    ParameterScope,
    Question,
    Source,
    current_value,
    effective,
    effective_values,
    overridden_by_arms,
    own_value,
    values_of_arms,
)

__all__ = [
    "ARMS",
    "CHANGE_SOURCES",
    "DECLARED",
    "SCOPE_KINDS",
    "Arms",
    "ChangeSource",
    "FoundValue",
    "ParameterDefinition",
    "ParameterHistory",
    "ParameterScope",
    "Question",
    "Source",
    "UnknownParameterError",
    "add",
    "apply",
    "check",
    "check_moment",
    "create_missing",
    "current_value",
    "declare",
    "definition_in_use",
    "definition_of",
    "describe",
    "effective",
    "effective_values",
    "follow_declarations",
    "load",
    "load_all",
    "overridden_by_arms",
    "own_value",
    "parameter_for",
    "propose",
    "reject",
    "require_adjustable",
    "require_free_key",
    "restore",
    "retire",
    "revert",
    "set_value",
    "sources_of",
    "value_in_force",
    "values_of_arms",
]
