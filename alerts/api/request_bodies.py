"""The request bodies of the actions on alerts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


def _missing(sentence: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "blank", "null"), sentence)


REASON, TEXT = _missing("Enter a reason."), _missing("Enter a comment.")


class TextField(serializers.CharField):
    """Text that rejects numbers, which are likely mistakes."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AcknowledgeBody(serializers.Serializer[None]):
    owner = serializers.EmailField(
        required=False,
        help_text="Account that may see the alert. Default: yours; keys: none.",
    )
    note = TextField(max_length=800, allow_blank=True, default="")


class SnoozeBody(serializers.Serializer[None]):
    until = serializers.DateTimeField(help_text="Within a year from now.")
    reason = TextField(max_length=800, error_messages=REASON)


class CommentBody(serializers.Serializer[None]):
    text = TextField(max_length=800, error_messages=TEXT)


class CloseBody(serializers.Serializer[None]):
    reason = TextField(max_length=800, error_messages=REASON)


class EmptyBody(serializers.Serializer[None]):
    """An empty body."""
