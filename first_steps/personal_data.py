from __future__ import annotations

from core.personal_data import Action, holds_personal_data
from first_steps.models import Dismissal

holds_personal_data(
    Dismissal,
    lambda person: Dismissal.objects.filter(account=person.user_id, account__isnull=False),
    ("dismissed_at",),
    action=Action.DELETE,
)
