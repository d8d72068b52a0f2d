"""The groups of staff that the product ships, with their permissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import transaction


@dataclass(frozen=True)
class Role:
    """`permissions` are full names such as kpis.add_target, in which * stands for any text."""

    name: str
    permissions: tuple[str, ...]

    def may(self, permission: str) -> bool:
        return any(fnmatchcase(permission, pattern) for pattern in self.permissions)


READ_FACTS = (
    *("kpis.view_*", "engagement.view_*", "outcomes.view_*", "business.view_*"),
    *("alerts.view_*", "improvement.view_*", "experiments.view_*", "curriculum.view_*"),
)
ROLES = (
    Role(
        "Analysts",  # not translated: a name that staff may change
        (
            *READ_FACTS,
            *("accounts.view_small_groups", "support.view_chancemodel"),
            *("kpis.add_target", "kpis.change_target", "kpis.*_datenote"),
            *("alerts.*_alertrule", "alerts.change_alert"),
            *("experiments.*_layer", "experiments.*_experiment", "experiments.*_forcedvariant"),
            *("outcomes.*_survey", "outcomes.*_wave", "outcomes.*_theme", "outcomes.*_testimonial"),
        ),
    ),
    Role(
        "Curriculum editors",  # not translated: a name that staff may change
        (
            *("curriculum.view_*", "alerts.view_*", "improvement.view_*", "experiments.view_*"),
            "kpis.*_datenote",
            *("curriculum.*_course", "curriculum.*_courserun", "curriculum.*_module"),
            *("curriculum.*_runmodule", "curriculum.*_skill", "curriculum.*_addedparameter"),
            *("curriculum.change_parameter", "curriculum.*_enrollment", "curriculum.*_pause"),
            *("improvement.*_adjustment", "improvement.*_adjustmentrule"),
            "improvement.*_automaticbudget",
        ),
    ),
    Role(
        "Operators",  # not translated: a name that staff may change
        (
            *("intake.*", "statements.*", "xapi.*", "accounts.*_apikey", "notifications.*"),
            *("kpis.view_datafreshness", "kpis.view_recomputerun", "kpis.view_stale*"),
            *("kpis.view_verification", "alerts.view_evaluationrun"),
            "alerts.view_pendingevaluation",
        ),
    ),
    Role(
        "Administrators",  # not translated: a name that staff may change
        ("*",),
    ),
)


def update(app_config: AppConfig | None = None, apps: Apps = installed, **_: Any) -> None:
    """Create the groups that are missing, and update those that nobody has edited.

    Called after every migration, when the permissions of all apps exist; a data migration of one
    app would not see those of later apps.
    """
    try:
        shipped = apps.get_model("accounts", "ShippedGroup")
    except LookupError:
        return  # the migration went back to before these groups
    if app_config:
        # those of the last app may come after this receiver
        create_permissions(app_config, verbosity=0, apps=apps)
    permissions = apps.get_model("auth", "Permission").objects
    existing = {
        f"{app}.{codename}": pk
        for pk, app, codename in permissions.values_list(
            "pk", "content_type__app_label", "codename"
        )
    }
    with transaction.atomic():
        known = {one.name: one for one in shipped.objects.select_related("group")}
        for role in ROLES:
            row = known.get(role.name) or _add(role, shipped, apps)
            if row.group_id is not None:
                _give(role, row, existing)


def _add(role: Role, shipped: Any, apps: Apps) -> Any:
    """Adopt a group of this name if it has no permissions; one that has some was made by staff."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role.name)
    return shipped.objects.create(name=role.name, group=group)


def _give(role: Role, row: Any, existing: Mapping[str, int]) -> None:
    wanted = {name for name in existing if role.may(name)}
    if set(row.permissions) == wanted:
        return
    held = set(row.group.permissions.values_list("pk", flat=True))
    # a permission that no longer exists was not taken away by anybody
    if held == {existing[name] for name in row.permissions if name in existing}:
        row.group.permissions.set([existing[name] for name in wanted])
        row.permissions = sorted(wanted)
        row.save(update_fields=["permissions"])
