"""A real SMTP server on loopback that keeps the mails it receives."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.test import override_settings

LINK = re.compile(r"http://localhost:\d+(/surveys/\S+)")


class MailBox:
    """Received mails, and rejected recipients; `on_mail` is called before a mail is accepted."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[Message] = []
        self.refuses: set[str] = set()
        self.on_mail: Callable[[], object] = lambda: None

    @property
    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]

    def text_of(self, at: int = 0) -> str:
        body: Any = self.mails[at].get_body(("plain",))  # type: ignore[attr-defined]
        return str(body.get_content())

    def link(self, at: int = 0) -> str:
        found = LINK.search(self.text_of(at))
        assert found
        return found[1]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.on_mail()
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=default))
        return "250 OK"


@contextmanager
def mail_box() -> Iterator[MailBox]:
    """Deliver mails into a mail box while the test runs."""
    box = MailBox()
    box.port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        with settings_for(box.port):
            yield box
    finally:
        controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def settings_for(port: int) -> override_settings:
    return override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        EMAIL_USE_TLS=False,
        EMAIL_USE_SSL=False,
        EMAIL_HOST_USER="",
        EMAIL_HOST_PASSWORD="",
    )
