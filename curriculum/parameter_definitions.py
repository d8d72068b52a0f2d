"""The parameters of enrollments: how long they last, and when they can still be canceled."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_noop

from curriculum.models import Parameter
from curriculum.parameters import ParameterDefinition, declare

WINDOW_FACTOR = "completion.window-factor"
REFUND_CUTOFF = "enrollment.refund-cutoff"

declare(
    ParameterDefinition(
        key=WINDOW_FACTOR,
        name=gettext_noop("Completion window"),
        help=gettext_noop("An enrollment is due after the course's nominal length times this."),
        role=Parameter.Role.MEASUREMENT,
        default=Decimal("1.5"),
        minimum=Decimal(1),
        maximum=Decimal(3),
        step=Decimal("0.1"),
        unit=gettext_noop("× nominal length"),
        scopes=("course", "run"),
        redefines=gettext_noop(
            "Completion rate and every other figure that depends on a due date, for learners who "
            "sign up while the new value applies. Plans of earlier sign-ups stay."
        ),
    ),
    ParameterDefinition(
        key=REFUND_CUTOFF,
        name=gettext_noop("Refund cut-off"),
        help=gettext_noop(
            "A learner who withdraws within this many days of the start is canceled and counts "
            "in no figure."
        ),
        role=Parameter.Role.MEASUREMENT,
        default=Decimal(7),
        minimum=Decimal(0),
        maximum=Decimal(60),
        step=Decimal(1),
        unit=gettext_noop("days"),
        is_whole=True,
        scopes=("course", "run"),
        redefines=gettext_noop(
            "Who counts in all figures about learning, for learners who sign up while the new "
            "value applies. Earlier sign-ups keep their cut-off."
        ),
    ),
)
