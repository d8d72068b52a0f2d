from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.personal_data import holds_no_personal_data
from demo.models import Removal

holds_no_personal_data(Removal, reason=_("How far the removal of fictional people is."))
