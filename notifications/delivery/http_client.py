"""Send a body to a web address: to the address that was checked, once, and no further."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from threading import Timer

from django.conf import settings

from notifications.delivery.url_policy import Destination, Resolve, destination, look_up

# for one step, and for all of it however slowly the other side drips
STEP_SECONDS = 10.0
WHOLE_SECONDS = 20.0
LARGEST_BODY = 256 * 1024


class DeliveryFailed(Exception):  # noqa: N818 - said of a message
    """The other side did not take it; it may later."""


class CheckedConnection(HTTPConnection):
    """A connection to an address, under the host's own name."""

    def __init__(self, there: Destination) -> None:
        super().__init__(there.host, there.port, timeout=STEP_SECONDS)
        self.there = there

    def connect(self) -> None:
        self.sock = socket.create_connection((self.there.address, self.there.port), STEP_SECONDS)
        if self.there.is_secure:
            # kept before the handshake, so that it can be cut off in the middle of that
            self.sock = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.there.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut_off(self) -> None:
        """End what still waits for the other side; it raises OSError or HTTPException there."""
        if self.sock is not None:
            with suppress(OSError):  # the other side was quicker
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def post(url: str, body: bytes, headers: Mapping[str, str], *, resolve: Resolve = look_up) -> None:
    """POST it. No redirect is followed and no answer is read beyond its status.

    Refused for an address that we must not reach; Failed or OSError when it was not taken.
    """
    if len(body) > LARGEST_BODY:
        raise DeliveryFailed(f"The message has {len(body)} bytes, more than {LARGEST_BODY}.")
    there = destination(url, settings.KPI_WEBHOOK_ALLOWED, resolve)
    status = _status(there, body, {"Host": there.name, **headers})
    if 300 <= status < 400:
        raise DeliveryFailed(f"{there.host} answered {status}; redirects are not followed.")
    if not 200 <= status < 300:
        raise DeliveryFailed(f"{there.host} answered {status}.")


def _status(there: Destination, body: bytes, headers: Mapping[str, str]) -> int:
    with closing(CheckedConnection(there)) as connection:
        deadline = Timer(WHOLE_SECONDS, connection.cut_off)
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("POST", there.path, body, dict(headers))
            return connection.getresponse().status
        except HTTPException as error:
            raise DeliveryFailed(
                f"{there.host} does not speak HTTP: {type(error).__name__}."
            ) from error
        finally:
            deadline.cancel()
