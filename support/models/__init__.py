"""How learners stand, the models of their chances, and contacts with them."""

from __future__ import annotations

from support.models.chance_models import ChanceModel
from support.models.contacts import Contact
from support.models.standings import Ranking, Standing

__all__ = ["ChanceModel", "Contact", "Ranking", "Standing"]
