"""Parameters that staff add: they change what learners get, as the learning platform reads them."""

from __future__ import annotations

import re

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from curriculum.models import Parameter, ParameterChange
from curriculum.parameters.changes import reject
from curriculum.parameters.definitions import DECLARED, ParameterDefinition, definition_of
from curriculum.signals import parameter_changed

KEY = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")


@transaction.atomic
def add(
    definition: ParameterDefinition, *, reason: str, by: AbstractBaseUser | None = None
) -> Parameter:
    """Add a curriculum parameter with its value for the whole site; returns the row.

    The history starts with who added it and why. ValidationError, by field, for what does not fit.
    """
    if definition.role != Parameter.Role.CURRICULUM or not definition.is_added:
        raise ValueError("Only curriculum parameters can be added.")  # not translated
    require_free_key(definition.key)
    definition.value_type.require_sense()
    definition.value_type.check(definition.default)
    try:
        with transaction.atomic():
            row = definition.row(definition.default)
            row.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(definition.key) from error
    _record(row, reason=reason, by=by)
    return row


def require_free_key(key: str) -> None:
    """Raise ValidationError for a key that is malformed or taken."""
    if not KEY.fullmatch(key) or len(key) > 100:
        raise ValidationError(
            {
                "key": gettext(
                    "Enter a key of lower-case words with a full stop, such as coach.calls."
                )
            }
        )
    if key in DECLARED or Parameter.objects.filter(key=key).exists():
        raise _taken(key)


def _taken(key: str) -> ValidationError:
    text = gettext("There is already a parameter %(key)s.") % {"key": key}
    return ValidationError({"key": text})


def _record(row: Parameter, *, reason: str, by: AbstractBaseUser | None) -> None:
    now = timezone.now()
    change = ParameterChange.objects.create(
        parameter=row,
        old_value=row.value,
        new_value=row.value,
        status=ParameterChange.Status.APPLIED,
        reason=reason,
        proposed_by_id=by.pk if by else None,
        proposed_at=now,
        decided_by_id=by.pk if by else None,
        decided_at=now,
    )
    parameter_changed.send(ParameterChange, change=change)


def describe(key: str, *, name: str, help_text: str) -> None:
    """Change the name and the description of an added parameter, in all its rows."""
    _require_added(key)
    if not name.strip():
        raise ValidationError({"name": gettext("Enter a name.")})
    Parameter.objects.filter(key=key).update(
        name=name.strip(), help=help_text.strip(), revised_at=timezone.now()
    )


@transaction.atomic
def retire(key: str) -> None:
    """Stop using an added parameter; its history stays. Open proposals are rejected."""
    _require_added(key)
    proposed = ParameterChange.Status.PROPOSED
    for change in ParameterChange.objects.filter(parameter__key=key, status=proposed):
        reject(change)
    Parameter.objects.filter(key=key).update(is_retired=True, revised_at=timezone.now())


def restore(key: str) -> None:
    """Use a retired parameter again, with the values that it had."""
    _require_added(key)
    Parameter.objects.filter(key=key).update(is_retired=False, revised_at=timezone.now())


def _require_added(key: str) -> None:
    definition = definition_of(key)
    if not definition.is_added:
        raise ValidationError(
            gettext("%(name)s is part of the product and cannot be retired.")
            % {"name": gettext(definition.name)}
        )
