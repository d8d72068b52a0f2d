"""Keep the rows of parameters in line with their declarations, after every migration."""

from __future__ import annotations

import logging

from core.decimals import format_decimal
from curriculum.models import Parameter
from curriculum.parameters.definitions import DECLARED

logger = logging.getLogger(__name__)


def create_missing(**kwargs: object) -> None:
    """Create the site-wide row of each declared parameter that has none yet."""
    existing = Parameter.objects.site_wide().values_list("key", flat=True)
    missing = DECLARED.keys() - set(existing)
    Parameter.objects.bulk_create(
        one.row(one.default) for one in DECLARED.values() if one.key in missing and one.is_site_wide
    )


def follow_declarations(**kwargs: object) -> None:
    """Copy changed names, texts, roles and bounds to the rows; values stay as they are.

    A value that the new bounds do not allow stays in force, and its row keeps the former bounds,
    until staff set an allowed one. Rows without a declaration stay as they are.
    """
    for row in Parameter.objects.filter(key__in=DECLARED).select_related("course", "run", "module"):
        definition = DECLARED[row.key]
        is_allowed = definition.allows(row.value)
        fields = definition.row_fields() if is_allowed else definition.texts()
        if changed := [name for name, value in fields.items() if getattr(row, name) != value]:
            for name in changed:
                setattr(row, name, fields[name])
            row.save(update_fields=[*changed, "revised_at"])
        if not is_allowed:
            logger.warning(
                "%s is %s, which its new bounds do not allow. The value stays until it is changed.",
                row,
                format_decimal(row.value),
            )
