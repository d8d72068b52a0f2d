"""The channels that ship: the product itself, and e-mail to whom an alert concerns."""

from __future__ import annotations

from notifications.models import Channel

SHIPPED = (
    (Channel.Kind.IN_APP, "In the product"),
    (Channel.Kind.EMAIL, "E-mail to whom it concerns"),
)


def create_missing(**kwargs: object) -> None:
    """Make those of a new site; once there are channels, staff decide."""
    if not Channel.objects.exists():
        for kind, name in SHIPPED:
            Channel.objects.create(kind=kind, name=name)
