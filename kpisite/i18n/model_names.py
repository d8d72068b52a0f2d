"""Translate the names of apps, models and fields without declaring each as translatable.

Django derives most of them from names in the code; this module makes all of them lazy translations.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

# the English names by app label or model
NAMES: dict[str | type[Model], list[str]] = {}


def our_apps() -> list[AppConfig]:
    """Return the apps of this project; other packages bring their own translations."""
    return [
        app
        for app in apps.get_app_configs()
        if Path(app.path).is_relative_to(settings.BASE_DIR) and ".venv" not in Path(app.path).parts
    ]


def translate() -> None:
    """Make the names of our apps, models and fields translate when they are shown."""
    for app in our_apps():
        app.verbose_name = _lazy(app.label, app.verbose_name)
        for model in app.get_models():
            _translate(model)


def _translate(model: type[Model]) -> None:
    meta: Any = model._meta
    is_derived = "verbose_name_plural" not in meta.original_attrs
    if is_derived and not isinstance(meta.verbose_name, Promise):
        # a plural made by appending an s must be translated as a whole
        meta.verbose_name_plural = str(meta.verbose_name_plural)
    meta.verbose_name = _lazy(model, meta.verbose_name)
    meta.verbose_name_plural = _lazy(model, meta.verbose_name_plural)
    for field in (*meta.local_fields, *meta.local_many_to_many):
        if not field.auto_created:
            field.verbose_name = _lazy(model, field.verbose_name)


def _lazy(owner: str | type[Model], name: Any) -> Any:
    if isinstance(name, Promise):
        return name
    NAMES.setdefault(owner, []).append(name)
    return gettext_lazy(name)


def to_translate(label: str) -> list[str]:
    """Return the names of an app and of its models that staff see in the admin."""
    models = sorted((one for one in _models_in_admin() if one._meta.app_label == label), key=str)
    owners: list[str | type[Model]] = [label, *models] if models else []
    return list(dict.fromkeys(name for owner in owners for name in NAMES.get(owner, ())))


def _models_in_admin() -> set[type[Model]]:
    """Return the models that have an admin page or an inline."""
    pages = admin.site._registry.items()  # noqa: SLF001 - there is no public list
    return {one for model, page in pages for one in (model, *(it.model for it in page.inlines))}
