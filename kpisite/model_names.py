"""Names of apps, models and fields in the reader's language, though the models need not say so.

Django derives most of them from the names in the code; here all become texts to be translated.
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

# the English names of each app or model
NAMES: dict[str | type[Model], list[str]] = {}


def our_apps() -> list[AppConfig]:
    """The apps of this project; packages from elsewhere bring their own translations."""
    return [
        app
        for app in apps.get_app_configs()
        if Path(app.path).is_relative_to(settings.BASE_DIR) and ".venv" not in Path(app.path).parts
    ]


def translate() -> None:
    """Have the names of our apps, models and fields looked up when they are shown."""
    for app in our_apps():
        app.verbose_name = _lazy(app.label, app.verbose_name)
        for model in app.get_models():
            _translate(model)


def _translate(model: type[Model]) -> None:
    meta: Any = model._meta
    is_derived = "verbose_name_plural" not in meta.original_attrs
    if is_derived and not isinstance(meta.verbose_name, Promise):
        # an s at the end is no plural in every language
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
    """The names of an app and of its models that staff see in the admin."""
    models = sorted((one for one in _shown() if one._meta.app_label == label), key=str)
    owners: list[str | type[Model]] = [label, *models] if models else []
    return list(dict.fromkeys(name for owner in owners for name in NAMES.get(owner, ())))


def _shown() -> set[type[Model]]:
    """The models in the admin, by themselves or within others."""
    pages = admin.site._registry.items()  # noqa: SLF001 - the admin has no other list
    return {one for model, page in pages for one in (model, *(it.model for it in page.inlines))}
