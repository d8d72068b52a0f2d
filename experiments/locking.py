"""Lock an experiment, and refuse what is decided on an outdated page."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from core import localized, reporting_clock
from experiments import revision
from experiments.models import Experiment


def lock(
    experiment: Experiment, expected_version: int | None, allowed: Collection[str]
) -> Experiment:
    """Return the row, locked until the end of the transaction.

    ValidationError if it is in none of the states, or not the version that the reader saw. Every
    writer takes the lock of the revision first, so that two never wait for each other.
    """
    revision.lock_and_count()
    locked = Experiment.objects.select_for_update().filter(pk=experiment.pk).first()
    if locked is None:
        raise ValidationError(gettext("The experiment no longer exists."), code="decided")
    is_seen = expected_version is None or locked.version == expected_version
    if is_seen and locked.state in allowed:
        return locked
    raise ValidationError(_what_happened(locked, is_seen=is_seen), code="decided")


def _what_happened(experiment: Experiment, *, is_seen: bool) -> str:
    """Say who did what last, so that a reader of an older page understands."""
    last = experiment.events.select_related("by").last()
    if last is None:
        return gettext(
            "This experiment is “%(state)s”, so this is not possible. Nothing was changed."
        ) % {"state": experiment.get_state_display()}
    if is_seen:
        text = gettext(
            "This experiment is “%(state)s” (%(what)s by %(who)s on %(moment)s), so this is not "
            "possible. Nothing was changed."
        )
    else:
        text = gettext(
            "This experiment has changed meanwhile: %(what)s by %(who)s on %(moment)s. It is "
            "now “%(state)s”; your decision changed nothing."
        )
    return text % {
        "what": last.get_kind_display(),
        "who": last.author,
        "moment": localized.moment(last.at.astimezone(reporting_clock.reporting_zone())),
        "state": experiment.get_state_display(),
    }


def required(reason: str, field: str, sentence: str) -> str:
    """Return a reason without surrounding spaces; ValidationError, by field, for an empty one."""
    if not reason.strip():
        raise ValidationError({field: sentence}, code="required")
    return reason.strip()
