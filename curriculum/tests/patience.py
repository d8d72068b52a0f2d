"""A curriculum parameter for tests; the product itself has none yet."""

from __future__ import annotations

from decimal import Decimal

from curriculum.models import Parameter
from curriculum.parameters import ParameterDefinition

KEY = "test.patience"
PATIENCE = ParameterDefinition(
    key=KEY,
    name="Patience",
    help="How long.",
    role=Parameter.Role.CURRICULUM,
    default=Decimal(3),
    minimum=Decimal(1),
    maximum=Decimal(10),
    step=Decimal(1),
    is_whole=True,
)
