"""Whether e-mails leave the site."""

from __future__ import annotations

from collections.abc import Iterator
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from kpisite.doctor.findings import Problem
from kpisite.doctor.reachable import first_line
from kpisite.doctor.registry import check

ERRORS = (OSError, SMTPException)
REMEDY = "Set EMAIL_URL to the address of a mail server: smtp+tls://USER:PASSWORD@HOST:587."


def is_sent() -> bool:
    """Return whether e-mails go to a server, instead of a file or a terminal."""
    return bool(settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"))


@check("mail.server", "Mail server", is_slow=True)
def server() -> Iterator[Problem | str]:
    if not is_sent():
        if settings.IS_LOCAL:
            yield "E-mails are printed or stored, as is usual on one's own machine."
            return
        yield Problem("E-mails are not sent, but printed or stored.", "EMAIL_URL", REMEDY)
        return
    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        connection = get_connection()
        connection.open()
        connection.close()
    except ERRORS as error:
        why = f"The mail server does not let the site in: {first_line(error)}."
        yield Problem(why, f"EMAIL_URL, {place}", REMEDY)
    else:
        yield f"{place} answers."


def send_test(address: str) -> Problem | str:
    """Send a test to an address, and say what came of it."""
    try:
        EmailMessage(
            "A test of Learning KPIs",
            f"If you read this, {settings.KPI_BASE_URL} can send e-mails.",
            to=[address],
        ).send()
    except ERRORS as error:
        why = f"The test e-mail was not accepted: {first_line(error)}."
        return Problem(why, "EMAIL_URL and EMAIL_FROM", REMEDY)
    return f"A test e-mail to {address} was {'accepted' if is_sent() else 'printed or stored'}."
