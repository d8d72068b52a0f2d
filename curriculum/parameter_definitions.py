from __future__ import annotations

from decimal import Decimal

from curriculum.parameters import ParameterDefinition, declare

WINDOW_FACTOR = "completion.window-factor"
REFUND_CUTOFF = "enrollment.refund-cutoff"

declare(
    ParameterDefinition(
        key=WINDOW_FACTOR,
        name="Completion window",
        help="An enrolment falls due after the course's nominal length times this.",
        default=Decimal("1.5"),
        minimum=Decimal(1),
        maximum=Decimal(3),
        step=Decimal("0.1"),
        unit="× nominal length",
    ),
    ParameterDefinition(
        key=REFUND_CUTOFF,
        name="Refund cut-off",
        help="Who leaves within these days of the start is cancelled and counts in no figure.",
        default=Decimal(7),
        minimum=Decimal(0),
        maximum=Decimal(60),
        step=Decimal(1),
        unit="days",
        is_whole=True,
    ),
)
