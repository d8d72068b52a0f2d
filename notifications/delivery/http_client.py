"""POST to a URL at exactly the IP address that was checked, without redirects."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from threading import Timer

from django.conf import settings
from django.utils.translation import gettext

from notifications.delivery.url_policy import Destination, Resolve, destination, look_up

# for one read or write, and for the whole request however slowly the server responds
STEP_SECONDS = 10.0
TOTAL_SECONDS = 20.0
MAX_BODY = 256 * 1024


class DeliveryFailed(Exception):  # noqa: N818 - the message failed
    """The server did not accept the message; it may later."""


class CheckedConnection(HTTPConnection):
    """A connection to a checked IP address, under the host's name."""

    def __init__(self, there: Destination) -> None:
        super().__init__(there.host, there.port, timeout=STEP_SECONDS)
        self.there = there

    def connect(self) -> None:
        self.sock = socket.create_connection((self.there.address, self.there.port), STEP_SECONDS)
        if self.there.is_secure:
            # set before the handshake, so that the deadline can interrupt it
            self.sock = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.there.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut_off(self) -> None:
        """Interrupt a pending read or write, which then raises OSError or HTTPException."""
        if self.sock is not None:
            with suppress(OSError):  # already closed
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def post(url: str, body: bytes, headers: Mapping[str, str], *, resolve: Resolve = look_up) -> None:
    """POST a body; follow no redirect and read nothing but the status.

    UrlRefused if the address is not allowed; DeliveryFailed or OSError if it was not accepted.
    """
    if len(body) > MAX_BODY:
        raise DeliveryFailed(
            gettext("The message has %(size)s bytes; the maximum is %(maximum)s.")
            % {"size": len(body), "maximum": MAX_BODY}
        )
    there = destination(url, settings.KPI_WEBHOOK_ALLOWED, resolve)
    status = _status(there, body, {"Host": there.name, **headers})
    if 300 <= status < 400:
        answer = {"host": there.host, "status": status}
        raise DeliveryFailed(
            gettext("%(host)s answered %(status)s; redirects are not followed.") % answer
        )
    if not 200 <= status < 300:
        answer = {"host": there.host, "status": status}
        raise DeliveryFailed(gettext("%(host)s answered %(status)s.") % answer)


def _status(there: Destination, body: bytes, headers: Mapping[str, str]) -> int:
    with closing(CheckedConnection(there)) as connection:
        deadline = Timer(TOTAL_SECONDS, connection.cut_off)
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("POST", there.path, body, dict(headers))
            return connection.getresponse().status
        except HTTPException as error:
            raise DeliveryFailed(
                gettext("%(host)s sent an invalid HTTP response: %(error)s.")
                % {"host": there.host, "error": type(error).__name__}
            ) from error
        finally:
            deadline.cancel()
