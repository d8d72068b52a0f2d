from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_noop

from curriculum.models import Parameter
from curriculum.parameters import ParameterDefinition, declare

MASTERY = "outcomes.mastery"

declare(
    ParameterDefinition(
        key=MASTERY,
        name=gettext_noop("Mastery score"),
        help=gettext_noop(
            "The score, from 0 to 1, from which a skill counts as attained. A change applies to "
            "assessments taken from then on."
        ),
        role=Parameter.Role.MEASUREMENT,
        default=Decimal("0.8"),
        minimum=Decimal("0.1"),
        maximum=Decimal(1),
        kind=Parameter.Kind.SHARE,
        step=Decimal("0.05"),
        scopes=("course",),
        redefines=gettext_noop(
            "Skill attainment, for assessments taken while the new value applies."
        ),
    ),
)
