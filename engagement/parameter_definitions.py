from __future__ import annotations

from decimal import Decimal

from curriculum.parameters import ParameterDefinition, declare

VIDEO_WEIGHT = "depth.weight.video-watch"
INTERACTION_WEIGHT = "depth.weight.interaction-rate"
QUIZ_WEIGHT = "depth.weight.quiz-participation"
ON_PACE = "velocity.on-pace"


def _weight(key: str, name: str) -> ParameterDefinition:
    return ParameterDefinition(
        key=key,
        name=f"Weight of {name} in engagement depth",
        help="Weights are relative to each other; 0 leaves the component out.",
        default=Decimal(1),
        minimum=Decimal(0),
        maximum=Decimal(10),
        step=Decimal("0.5"),
    )


declare(
    _weight(VIDEO_WEIGHT, "video watch"),
    _weight(INTERACTION_WEIGHT, "interaction rate"),
    _weight(QUIZ_WEIGHT, "quiz participation"),
    ParameterDefinition(
        key=ON_PACE,
        name="On pace from",
        help="A learner whose pace index (done share ÷ expected share) reaches this is on pace.",
        default=Decimal("0.8"),
        minimum=Decimal("0.1"),
        maximum=Decimal(2),
        step=Decimal("0.05"),
    ),
)
