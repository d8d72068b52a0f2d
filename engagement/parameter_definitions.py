"""The parameters that engagement KPIs use."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_noop

from curriculum.models import Parameter
from curriculum.parameters import ParameterDefinition, declare

VIDEO_WEIGHT = "depth.weight.video-watch"
INTERACTION_WEIGHT = "depth.weight.interaction-rate"
QUIZ_WEIGHT = "depth.weight.quiz-participation"
ON_PACE = "velocity.on-pace"


def _weight(key: str, name: str) -> ParameterDefinition:
    return ParameterDefinition(
        key=key,
        name=name,
        help=gettext_noop("Weights are relative to each other; 0 leaves the component out."),
        role=Parameter.Role.MEASUREMENT,
        default=Decimal(1),
        minimum=Decimal(0),
        maximum=Decimal(10),
        step=Decimal("0.5"),
        scopes=("course",),
        redefines=gettext_noop(
            "Engagement depth, for every period that ends while the new value applies."
        ),
    )


declare(
    _weight(VIDEO_WEIGHT, gettext_noop("Weight of video watch in engagement depth")),
    _weight(INTERACTION_WEIGHT, gettext_noop("Weight of interaction rate in engagement depth")),
    _weight(QUIZ_WEIGHT, gettext_noop("Weight of quiz participation in engagement depth")),
    ParameterDefinition(
        key=ON_PACE,
        name=gettext_noop("On-pace threshold"),
        help=gettext_noop(
            "Learners with at least this pace index (done effort ÷ expected effort) are on pace."
        ),
        role=Parameter.Role.MEASUREMENT,
        default=Decimal("0.8"),
        minimum=Decimal("0.1"),
        maximum=Decimal(2),
        step=Decimal("0.05"),
        scopes=(),
        redefines=gettext_noop(
            "The share of learners on pace, for every period that ends while the new value applies."
        ),
    ),
)
