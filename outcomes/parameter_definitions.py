from __future__ import annotations

from decimal import Decimal

from curriculum.parameters import ParameterDefinition, declare

MASTERY = "outcomes.mastery"

declare(
    ParameterDefinition(
        key=MASTERY,
        name="Mastery from",
        help="A skill counts as attained from this score (0 to 1). An assessment keeps what the "
        "dial stood at when it was taken; later turns leave it.",
        default=Decimal("0.8"),
        minimum=Decimal("0.1"),
        maximum=Decimal(1),
        step=Decimal("0.05"),
    ),
)
