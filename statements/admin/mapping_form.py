"""The form in which staff say what a pattern of statements means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from intake.event_kinds import KINDS, EventKind, EventSubject
from statements.admin import example_fields
from statements.current_rules import GRADE, rule_of
from statements.models import Mapping, Pattern
from statements.stores import STORES
from statements.translation import Translation, by_verb, translate


def mappable_kinds() -> list[EventKind]:
    """Return the kinds of what learners do that need no data of their own."""
    about = (EventSubject.SIGN_UP, EventSubject.ENROLLMENT)
    return [
        kind
        for kind in KINDS.values()
        if kind.about in about
        and not any(field.is_required() for field in kind.data.model_fields.values())
        and not kind.required_scope
    ]


class MappingForm(forms.ModelForm):
    course_text = forms.CharField(
        label=gettext_lazy("Or always this course"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("The key of a course, for statements that name none."),
    )
    any_type = forms.BooleanField(label=gettext_lazy("Also for other types"), required=False)
    any_profile = forms.BooleanField(label=gettext_lazy("Also for other profiles"), required=False)

    class Meta:
        model = Mapping
        fields = (
            *("kind", "course_from", "course_text", "run_from", "module_from", "object_from"),
            *("value_from", "value_max", "any_type", "any_profile"),
        )

    def __init__(self, *args: Any, pattern: Pattern, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pattern = pattern
        texts = example_fields.text_places(pattern.example)
        numbers = example_fields.number_places(pattern.example)
        kinds = [("", gettext("No event follows"))]
        kinds += [(kind.name, kind.name) for kind in mappable_kinds()]
        self._offer("kind", kinds)
        self._offer("course_from", [*example_fields.course_choices(), *texts])
        self._offer("run_from", [*example_fields.run_choices(), *texts])
        self._offer("module_from", [*example_fields.module_choices(), *texts])
        self._offer("object_from", [*example_fields.object_choices(), *texts])
        self._offer("value_from", [*example_fields.value_choices(), *numbers])

    def _offer(self, name: str, choices: example_fields.Choices) -> None:
        field = self.fields[name]
        self.fields[name] = forms.ChoiceField(
            choices=choices, label=field.label, required=False, help_text=field.help_text
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if text := (cleaned.get("course_text") or "").strip():
            cleaned["course_from"] = f"={text}"
        kind = KINDS.get(cleaned.get("kind") or "")
        if kind:
            for name in ("module", "object", "value"):
                if getattr(kind, f"needs_{name}") and not cleaned.get(f"{name}_from"):
                    sentence = gettext("%(kind)s needs this; choose where it comes from.")
                    self.add_error(f"{name}_from", sentence % {"kind": kind.name})
        if cleaned.get("kind") == GRADE and self._lacks_maximum(cleaned):
            sentence = gettext("Say which number stands for all points, such as 100.")
            self.add_error("value_max", ValidationError(sentence))
        return cleaned

    def _lacks_maximum(self, cleaned: dict[str, Any]) -> bool:
        place = cleaned.get("value_from") or ""
        return place.startswith("/") and cleaned.get("value_max") is None

    def mapping(self) -> Mapping:
        """Return the mapping of a valid form, unsaved."""
        mapping: Mapping = self.save(commit=False)
        mapping.verb = self.pattern.verb
        mapping.activity_type = "" if self.cleaned_data["any_type"] else self.pattern.activity_type
        mapping.profile = "" if self.cleaned_data["any_profile"] else self.pattern.profile
        return mapping


@dataclass(frozen=True)
class Preview:
    """What follows from the example by a mapping that is not saved."""

    translation: Translation

    @property
    def events(self) -> list[dict[str, Any]]:
        shown = ("kind", "occurred_at", "course", "run", "module", "object", "value", "data")
        return [
            {name: event[name] for name in shown if name in event}
            for event in self.translation.events
        ]

    @property
    def lacks(self) -> str:
        return ", ".join(sorted(self.translation.lacks))


def preview_of(mapping: Mapping, pattern: Pattern) -> Preview:
    one = STORES[pattern.origin].read(pattern.example)
    return Preview(translate(one, by_verb([rule_of(mapping)])))
