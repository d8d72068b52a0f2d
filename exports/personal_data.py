from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.personal_data import holds_no_personal_data
from exports.models import Change, Feed, Mark, PseudonymSecret, ReadOnlyRole

holds_no_personal_data(
    Change, reason=_("Numbers of rows that changed; their contents are not copied.")
)
holds_no_personal_data(
    Feed, Mark, PseudonymSecret, ReadOnlyRole, reason=_("How exports are set up.")
)
