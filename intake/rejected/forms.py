"""The form of a rejected event: a field for each that its kind has, and what is wrong beside it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy

from core.lazy_text import LazyText
from curriculum.models import Course, CourseRun, Module
from intake.csv import cells
from intake.csv.columns import Column
from intake.events.rejected_events import text_of
from intake.models import RejectedEvent
from intake.rejected import payloads
from intake.rejected.payloads import ABSENT, Path

DROP = "drop:"
LABELS: dict[str, LazyText] = {
    "id": gettext_lazy("Id"),
    "occurred_at": gettext_lazy("Time"),
    "learner": gettext_lazy("Learner"),
    "course": gettext_lazy("Course"),
    "run": gettext_lazy("Course run"),
    "module": gettext_lazy("Module"),
    "object": gettext_lazy("Object"),
    "value": gettext_lazy("Value"),
}
# more than these are typed
MOST_CHOICES = 300
EMPTY = ("", "–")
LONG = 80


class EventForm(forms.Form):
    """The fields of an event. Whether they are right, receiving it says."""

    def __init__(self, data: Any = None, *, row: RejectedEvent) -> None:
        self.row, found = row, payloads.read(row.payload)
        if found is None:
            raise ValueError(f"The rejected event {row.pk} has no form.")
        self.payload = found
        super().__init__(data, label_suffix="")
        self.columns = payloads.columns_of(found).all
        for name, column in self.columns.items():
            self.fields[name] = self._field(column)
        for path in payloads.unknown_paths(found):
            self.fields[DROP + ".".join(path)] = _drop_field(found, path)

    def _field(self, column: Column) -> forms.Field:
        given = payloads.text_at(self.payload, column.path)
        shared: dict[str, Any] = {
            "required": False,
            "label": _label(column),
            "initial": given,
            "help_text": _help(column),
        }
        if choices := self._choices(column):
            if given and given not in dict(choices):
                choices.append((given, gettext("%(value)s (unknown)") % {"value": given}))
            return forms.ChoiceField(choices=[EMPTY, *choices], **shared)
        is_long = "\n" in given or len(given) > LONG
        wide = {"class": "vTextField"}
        widget = forms.Textarea({"rows": 4, **wide}) if is_long else forms.TextInput(wide)
        return forms.CharField(strip=False, widget=widget, **shared)

    def _choices(self, column: Column) -> list[tuple[str, str]]:
        rows: dict[str, QuerySet[Any]] = {
            "course": Course.objects.all(),
            "run": CourseRun.objects.filter(course__key=self._course),
            "module": Module.objects.filter(course__key=self._course),
        }
        if column.name in rows:
            some = rows[column.name][: MOST_CHOICES + 1]
            found = [(one.key, f"{one} ({one.key})") for one in some]
            return found if len(found) <= MOST_CHOICES else []
        (arm, *others) = cells.union_members(column.schema)
        if others:
            return []
        if "enum" in arm or "const" in arm:
            return [(str(one), str(one)) for one in cells.choices_of(arm)]
        if arm.get("type") == "boolean":
            return [("yes", gettext("Yes")), ("no", gettext("No"))]
        return []

    @property
    def _course(self) -> str:
        """The key of the chosen course, whose runs and modules can be chosen."""
        given = self.data.get("course") if self.is_bound else None
        return str(given if given is not None else self.payload.get("course") or "")

    @property
    def changes(self) -> dict[Path, Any]:
        """What was changed, by path; call `is_valid` first. Untouched fields stay as sent."""
        found: dict[Path, Any] = {}
        for name, column in self.columns.items():
            text = self.cleaned_data[name]
            if _plain(text) != _plain(payloads.text_at(self.payload, column.path)):
                found[column.path] = column.read(_plain(text)) if text else ABSENT
        for name in self.fields:
            if name.startswith(DROP) and self.cleaned_data[name]:
                found[tuple(name.removeprefix(DROP).split("."))] = ABSENT
        return found

    @property
    def corrected(self) -> str:
        """The event as JSON with the changes; unchanged text if there are none."""
        changes = self.changes
        if not changes:
            return self.row.payload
        return text_of(payloads.changed(self.payload, changes))

    def show_rejection(self, row: RejectedEvent) -> None:
        """Put the reason next to the field that was wrong, or above the form."""
        if self.is_bound:
            return
        self.cleaned_data = {}
        dropped = f"{DROP}{row.field}"
        name = row.field if row.field in self.fields else dropped
        reason = _capitalized(row.reason.removeprefix(f"{row.field}: "))
        self.add_error(name if name in self.fields else None, reason)


def has_form(row: RejectedEvent) -> bool:
    return payloads.read(row.payload) is not None


def _label(column: Column) -> str:
    if label := LABELS.get(column.name):
        return str(label)
    words = " – ".join(column.path[1:]).replace("_", " ")
    return _capitalized(words)


def _help(column: Column) -> str:
    meaning = gettext("The sender’s own id of the event.") if column.name == "id" else column.help
    if cells.is_free_text(column.schema) or "enum" in column.schema:
        return meaning
    return f"{meaning} {_capitalized(column.form)}.".strip()


def _plain(text: str) -> str:
    """Return a text as it was before a browser wrote other ends of lines."""
    return text.replace("\r\n", "\n")


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _drop_field(payload: payloads.Payload, path: Path) -> forms.BooleanField:
    values = {"field": ".".join(path), "value": payloads.text_at(payload, path)[:60]}
    return forms.BooleanField(
        required=False,
        label=gettext("Remove %(field)s") % values,
        help_text=gettext("This kind of event has no such field. Sent: %(value)s") % values,
    )
