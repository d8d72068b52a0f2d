"""Translate the validation errors of pydantic into messages for senders and staff."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop
from pydantic_core import ErrorDetails

OBJECT = gettext_noop("must be an object")
ARRAY = gettext_noop("must be an array")
TRUE_OR_FALSE = gettext_noop("must be true or false")
NUMBER = gettext_noop("must be a number")
WHOLE_NUMBER = gettext_noop("must be a whole number")
DATE = gettext_noop("must be a date such as 2026-03-31")
TIME = gettext_noop("must be a date and time such as 2026-03-31T09:30:00Z")
LENGTH = gettext_noop("must have a length of at least %(min_length)s")

# by the type of the error; the placeholders are those of its context
MESSAGES = {
    "moment": TIME,
    "number": NUMBER,
    "string_type": gettext_noop("must be text"),
    "string_unicode": gettext_noop("must be valid Unicode"),
    "string_too_short": LENGTH,
    "string_too_long": gettext_noop("must have at most %(max_length)s characters"),
    "string_pattern_mismatch": gettext_noop("must match the pattern %(pattern)s"),
    "literal_error": gettext_noop("must be one of: %(expected)s"),
    "bool_type": TRUE_OR_FALSE,
    "bool_parsing": TRUE_OR_FALSE,
    "int_type": WHOLE_NUMBER,
    "int_parsing": WHOLE_NUMBER,
    "int_from_float": WHOLE_NUMBER,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": gettext_noop("must be a finite number"),
    "greater_than": gettext_noop("must be greater than %(gt)s"),
    "greater_than_equal": gettext_noop("must be at least %(ge)s"),
    "less_than": gettext_noop("must be less than %(lt)s"),
    "less_than_equal": gettext_noop("must be at most %(le)s"),
    "dict_type": OBJECT,
    "model_type": OBJECT,
    "list_type": ARRAY,
    "tuple_type": ARRAY,
    "too_short": LENGTH,
    "too_long": gettext_noop("must have at most %(max_length)s elements"),
    "date_type": DATE,
    "date_parsing": DATE,
    "date_from_datetime_parsing": DATE,
    "date_from_datetime_inexact": DATE,
    "datetime_type": TIME,
    "datetime_parsing": TIME,
    "datetime_from_date_parsing": TIME,
    "timezone_aware": gettext_noop("must have a UTC offset"),
}


def validation_message(error: ErrorDetails) -> str:
    """Return what is wrong with the value; other types of errors keep pydantic's message."""
    if message := MESSAGES.get(error["type"]):
        return gettext(message) % error.get("ctx", {})
    # validators of ours raise ValueError
    text = error["msg"].removeprefix("Value error, ")  # not translated: of pydantic
    return f"{text[:1].lower()}{text[1:]}"
