"""The channels that ship: in the product, and e-mail to the people responsible."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from notifications.models import Channel

SHIPPED = (
    (Channel.Kind.IN_APP, gettext_noop("In the product")),
    (Channel.Kind.EMAIL, gettext_noop("E-mail to the people responsible")),
)


def create_missing(**kwargs: object) -> None:
    """Create the channels of a new site; once there are any, staff decide."""
    if not Channel.objects.exists():
        for kind, name in SHIPPED:
            Channel.objects.create(kind=kind, name=name)
