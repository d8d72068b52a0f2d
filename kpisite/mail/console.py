"""Without a mail server, e-mails are printed so that they can be read beside other output."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.core.mail.backends import console

FIRST_LINES = 8


class EmailBackend(console.EmailBackend):
    """Print whom an e-mail is to, its subject, and the beginning and links of its plain text."""

    def write_message(self, message: EmailMessage) -> None:
        to = ", ".join(message.recipients())
        lines = [line.rstrip() for line in str(message.body).splitlines() if line.strip()]
        shown = [line for at, line in enumerate(lines) if at < FIRST_LINES or "://" in line]
        self.stream.write(f"E-mail to {to}: {message.subject}\n")
        self.stream.write("".join(f"  {line}\n" for line in shown))
