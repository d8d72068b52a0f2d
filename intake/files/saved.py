"""Answers about a file that are saved under a name, for the next file of the same kind."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext

from accounts.models import User
from intake.models import FileMapping
from intake.tables.errors import TableError


def mapping_named(name: str) -> FileMapping:
    """Return a saved mapping; raises TableError if there is none with this name."""
    found = FileMapping.objects.filter(name=name).first()
    if found is None:
        names = ", ".join(FileMapping.objects.values_list("name", flat=True)) or gettext("none")
        message = gettext("There is no saved mapping “%(name)s”. Saved mappings: %(names)s.")
        raise TableError(message % {"name": name, "names": names})
    return found


def save_mapping(
    name: str, shape: str, sender: str, answers: Mapping[str, str], *, by: User | None = None
) -> FileMapping:
    """Save the answers under a name; those saved before under it are replaced."""
    values = {"shape": shape, "sender": sender, "answers": dict(answers), "saved_by": by}
    return FileMapping.objects.update_or_create(name=name, defaults=values)[0]
