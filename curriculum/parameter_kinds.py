"""The kinds of parameter values: how each is checked, written, read and changed by steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation

from babel.numbers import NumberFormatError, parse_decimal
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from core import localized

ON_WORDS = ("on", "yes", "true", "1")  # not translated: accepted in every language
OFF_WORDS = ("off", "no", "false", "0")  # not translated: accepted in every language


class Kind(models.TextChoices):
    NUMBER = "number", _("Number")
    SHARE = "share", _("Share")
    DURATION = "duration", _("Duration")
    CHOICE = "choice", _("Choice")
    SWITCH = "switch", _("Switch")


class DurationUnit(models.TextChoices):
    MINUTES = "minutes", _("minutes")
    HOURS = "hours", _("hours")
    DAYS = "days", _("days")
    WEEKS = "weeks", _("weeks")


def read_unit(text: str, kind: str) -> str:
    """Return a unit as it is stored; that of a duration may be named in the reader's language."""
    if kind != Kind.DURATION:
        return text
    typed = text.strip().casefold()
    named = {str(label).casefold(): str(unit) for unit, label in DurationUnit.choices}
    return named.get(typed, typed)


def _duration(value: Decimal, unit: str) -> str:
    number = localized.number(value, 4, trimmed=True)
    # the plural of a fraction is that of many
    count = int(value) if value == value.to_integral_value() else 2
    match unit:
        case DurationUnit.MINUTES:
            text = ngettext("%(number)s minute", "%(number)s minutes", count)
        case DurationUnit.HOURS:
            text = ngettext("%(number)s hour", "%(number)s hours", count)
        case DurationUnit.WEEKS:
            text = ngettext("%(number)s week", "%(number)s weeks", count)
        case _:
            text = ngettext("%(number)s day", "%(number)s days", count)
    return text % {"number": number}


@dataclass(frozen=True, kw_only=True)
class ValueType:
    """What values a parameter can have. `choices` are English labels; the value is an index."""

    name: str
    kind: str
    minimum: Decimal
    maximum: Decimal
    step: Decimal
    unit: str = ""
    choices: Sequence[str] = ()
    is_whole: bool = False

    def require_sense(self) -> None:
        """Raise ValidationError unless bounds, step, unit and choices fit together."""
        if self.step <= 0:
            raise ValidationError({"step": gettext("The step must be positive.")})
        if self.minimum > self.maximum:
            raise ValidationError(
                {"maximum": gettext("The maximum must not be below the minimum.")}
            )
        if self.kind == Kind.SHARE and not 0 <= self.minimum <= self.maximum <= 1:
            raise ValidationError({"maximum": gettext("A share lies between 0% and 100%.")})
        if self.kind == Kind.DURATION and self.unit not in DurationUnit.values:
            raise ValidationError(
                {"unit": gettext("Choose minutes, hours, days or weeks as the unit.")}
            )
        self._require_labels()

    def _require_labels(self) -> None:
        labels = [one.strip().casefold() for one in self.choices]
        if self.kind == Kind.CHOICE and (len(labels) < 2 or "" in labels):
            raise ValidationError({"choices": gettext("Enter at least two choices.")})
        if len(set(labels)) < len(labels):
            raise ValidationError({"choices": gettext("Each choice needs its own label.")})
        last = {Kind.CHOICE.value: len(labels) - 1, Kind.SWITCH.value: 1}.get(self.kind)
        bounds = (self.minimum, self.maximum, self.step)
        if last is not None and bounds != (Decimal(0), Decimal(last), Decimal(1)):
            raise ValidationError(
                {"maximum": gettext("The values of this kind are 0 to %(last)s.") % {"last": last}}
            )

    def allows(self, value: Decimal) -> bool:
        return self.is_within_bounds(value) and self.is_on_a_step(value)

    def is_within_bounds(self, value: Decimal) -> bool:
        return self.minimum <= value <= self.maximum

    def is_on_a_step(self, value: Decimal) -> bool:
        is_whole = value == value.to_integral_value()
        return (value - self.minimum) % self.step == 0 and (is_whole or not self.is_whole)

    def nearest_steps(self, value: Decimal) -> tuple[Decimal, Decimal]:
        """Return the allowed values around a value that lies within the bounds."""
        below = self._floor(value)
        above = below + self.step
        return below, above if above <= self.maximum else below

    def _floor(self, value: Decimal) -> Decimal:
        return self.minimum + (value - self.minimum) // self.step * self.step

    def nearest(self, value: Decimal) -> Decimal:
        """Return the allowed value that is nearest, such as 90 for 120 where 90 is the most."""
        within = min(max(value, self.minimum), self.maximum)
        below, above = self.nearest_steps(within)
        return below if within - below <= above - within else above

    def shifted(self, value: Decimal, steps: int) -> Decimal:
        """Return the value that many steps further, or back if negative, within the bounds."""
        first, last = self.minimum, self._floor(self.maximum)
        # a value between two steps goes to the next one in that direction
        rounding = ROUND_FLOOR if steps > 0 else ROUND_HALF_UP
        position = (value - self.minimum) / self.step
        whole = position.to_integral_value(rounding if steps else ROUND_HALF_UP)
        if steps < 0 and whole < position:
            whole += 1
        return min(max(self.minimum + (whole + steps) * self.step, first), last)

    def check(self, value: Decimal) -> None:
        """Raise ValidationError, with what would be right, for a value that is not allowed."""
        if not value.is_finite() or not self.is_within_bounds(value):
            raise ValidationError(self._out_of_bounds(value), code="bounds")
        if not self.is_on_a_step(value):
            raise ValidationError(self._between_steps(value), code="step")

    def _out_of_bounds(self, value: Decimal) -> str:
        if self.kind in (Kind.CHOICE, Kind.SWITCH):
            return self._which_words()
        return gettext("%(name)s must be between %(minimum)s and %(maximum)s, not %(value)s.") % {
            "name": gettext(self.name),
            "minimum": self.short(self.minimum),
            "maximum": self.short(self.maximum),
            "value": self.short(value),
        }

    def _between_steps(self, value: Decimal) -> str:
        if self.kind in (Kind.CHOICE, Kind.SWITCH):
            return self._which_words()
        name, shown = gettext(self.name), self.short(value)
        if self.is_whole and value != value.to_integral_value():
            return gettext("%(name)s must be a whole number, not %(value)s.") % {
                "name": name,
                "value": shown,
            }
        below, above = self.nearest_steps(value)
        return gettext(
            "%(name)s changes in steps of %(step)s: %(below)s or %(above)s, not %(value)s."
        ) % {
            "name": name,
            "step": self.short(self.step),
            "below": self.short(below),
            "above": self.short(above),
            "value": shown,
        }

    def _which_words(self) -> str:
        return gettext("%(name)s is one of these: %(choices)s.") % {
            "name": gettext(self.name),
            "choices": ", ".join(self.labels()),
        }

    def labels(self) -> list[str]:
        """Return what a choice or a switch can be, in the reader's language; else nothing."""
        if self.kind == Kind.SWITCH:
            return [pgettext("switch", "Off"), pgettext("switch", "On")]
        return [gettext(one) for one in self.choices] if self.kind == Kind.CHOICE else []

    def written(self, value: Decimal) -> str:
        """Write a value in the reader's language, with its unit: 7 days, 70%, On."""
        if self.kind == Kind.DURATION:
            return _duration(value, self.unit)
        short = self.short(value)
        has_unit = self.unit and self.kind == Kind.NUMBER
        return f"{short} {gettext(self.unit)}" if has_unit else short

    def short(self, value: Decimal) -> str:
        """Write a value without its unit, for sentences that name the parameter."""
        if self.kind == Kind.SHARE:
            return localized.percent(value * 100, 2, trimmed=True)
        labels = self.labels()
        if labels and value == value.to_integral_value() and 0 <= value < len(labels):
            return labels[int(value)]
        return localized.number(value, 4, trimmed=True)

    def as_json(self, value: Decimal) -> bool | int | float | str:
        """Return a value for programs: true, 7, 0.7, or the English label of a choice."""
        is_whole = value == value.to_integral_value()
        if self.kind == Kind.SWITCH:
            return value == 1
        if self.kind == Kind.CHOICE and is_whole and 0 <= value < len(self.choices):
            return self.choices[int(value)]
        return int(value) if is_whole and self.kind != Kind.SHARE else float(value)

    def parse(self, text: str) -> Decimal:
        """Read what somebody entered or a program sent; reads all that `written` writes.

        ValidationError, with what would be right, for anything else.
        """
        typed = " ".join(text.split())
        if self.kind in (Kind.CHOICE, Kind.SWITCH):
            value = self._parse_word(typed.casefold())
        elif self.kind == Kind.SHARE:
            value = self._parse_share(typed)
        else:
            value = self._parse_number(self._without_unit(typed))
        self.check(value)
        return value

    def _parse_word(self, word: str) -> Decimal:
        english = [*OFF_WORDS[:1], *ON_WORDS[:1]] if self.kind == Kind.SWITCH else self.choices
        for labels in (self.labels(), english):
            folded = [one.casefold() for one in labels]
            if word in folded:
                return Decimal(folded.index(word))
        if self.kind == Kind.SWITCH and word in (*ON_WORDS, *OFF_WORDS):
            return Decimal(word in ON_WORDS)
        raise ValidationError(self._which_words(), code="invalid")

    def _parse_share(self, typed: str) -> Decimal:
        if typed.endswith("%"):
            return self._parse_number(typed[:-1].strip()) / 100
        value = self._parse_number(typed)
        if value > 1:
            raise ValidationError(
                gettext("Enter a share such as %(example)s, with the percent sign.")
                % {"example": localized.percent(value, 2, trimmed=True)},
                code="invalid",
            )
        return value

    def _without_unit(self, typed: str) -> str:
        number, _, unit = typed.partition(" ")
        is_named = unit.casefold() in (self.unit.casefold(), gettext(self.unit).casefold())
        if self.unit and unit and is_named:
            return number
        if self.kind == Kind.DURATION and unit:
            value = self._parse_number(number)
            return number if _duration(value, self.unit).casefold() == typed.casefold() else typed
        return typed

    def _parse_number(self, typed: str) -> Decimal:
        try:
            value = parse_decimal(typed, locale=localized.locale(), strict=True)
        except NumberFormatError:
            try:
                value = Decimal(typed)
            except InvalidOperation:
                value = Decimal("NaN")
        if not value.is_finite():
            raise ValidationError(
                gettext("Enter %(name)s as a number, such as %(example)s.")
                % {"name": gettext(self.name), "example": self.short(self.minimum)},
                code="invalid",
            )
        return value
