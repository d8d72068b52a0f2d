"""What the API says about the values of parameters."""

from __future__ import annotations

from pydantic import Field

from core.api_models import ApiModel, may_be_absent, one_of
from curriculum.models import Parameter
from curriculum.parameters import FoundValue, ParameterDefinition, Source

# a number, share or duration; the label of a choice; whether a switch is on
TypedValue = bool | int | float | str


class EffectiveValue(ApiModel):
    """The value of one parameter that applies in the place asked for."""

    key: str
    name: str
    kind: str = one_of(Parameter.Kind.values)
    unit: str = Field(description="Such as days. Empty for shares, choices and switches.")
    value: TypedValue = Field(
        description="A number; from 0 to 1 for a share; the English label of a choice; true or "
        "false for a switch."
    )
    label: str = Field(description="The value with its unit, such as 7 days.")
    inherited_from: str = one_of(Source, "Where the value is set.")
    effective_from: str | None = Field(description="Since when; null: from the beginning.")

    @classmethod
    def of(cls, definition: ParameterDefinition, name: str, found: FoundValue) -> EffectiveValue:
        begun = found.effective_from
        return cls(
            key=definition.key,
            name=name,
            kind=definition.kind,
            unit=definition.unit,
            value=definition.value_type.as_json(found.value),
            label=definition.written(found.value),
            inherited_from=found.source,
            effective_from=begun.isoformat() if begun else None,
        )


class EffectiveValues(ApiModel):
    """The values in force for a learner, a module, a run, a course or the whole site."""

    course: str | None
    run: str | None
    module: str | None
    learner: str = may_be_absent("If one was asked for.")
    at: str
    parameters: list[EffectiveValue]
