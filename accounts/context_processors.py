"""Context for every template, computed when first used."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.reader import Reader


def reader(request: HttpRequest) -> dict[str, Any]:
    """Add the visitor's access, on which the menu depends, and the name of single sign-on."""
    return {
        "single_sign_on": settings.KPI_OIDC_ISSUER and settings.KPI_OIDC_NAME,
        "reader": SimpleLazyObject(lambda: Reader.of(getattr(request, "user", AnonymousUser()))),
    }
