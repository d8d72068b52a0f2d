"""Layers, in which experiments exclude each other."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _


def new_seed() -> str:
    return secrets.token_hex(8)


class Layer(models.Model):
    """A way to divide all units, so that each is in at most one experiment of the layer.

    Every unit has a position from 0 to 1 in a layer; an experiment takes the units of a part of it.
    """

    name = models.CharField(max_length=200, unique=True)
    seed = models.CharField(
        max_length=40,
        default=new_seed,
        help_text=_("Determines the positions of the units. It cannot be changed later."),
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
