"""Which addresses a webhook may reach."""

from __future__ import annotations

import pytest

from notifications.delivery.url_policy import UrlRefused, destination

pytestmark = pytest.mark.once

PUBLIC = "93.184.215.14"
INNER = """
127.0.0.1 0.0.0.0 10.0.0.8 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 240.0.0.1
255.255.255.255 :: ::1 fe80::1 fc00::1 fec0::1 ff02::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254
64:ff9b::7f00:1 2002:7f00:1:: 192.0.0.1 198.18.0.1 2001:db8::1 192.0.0.8 192.0.0.9 192.31.196.1
192.52.193.1 192.88.99.1 192.175.48.1 64:ff9b:1::1 100:0:0:1::1 100::1 2001:20::1 2620:4f:8000::1
3fff::1 3fff:fff::1 5f00::1 ::ffff:192.88.99.1 2002:c058:6301::
""".split()


@pytest.mark.parametrize("address", INNER)
def test_an_address_that_is_not_public_is_rejected(address: str) -> None:
    with pytest.raises(UrlRefused):
        destination("https://hooks.example.org/x", [], lambda *_: [address])


def test_one_private_address_among_public_ones_is_rejected() -> None:
    with pytest.raises(UrlRefused):
        destination("https://hooks.example.org/x", [], lambda *_: [PUBLIC, "127.0.0.1"])


def test_the_connection_uses_the_checked_address() -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]
    there = destination("https://rebind.example.org/x?y=1", [], lambda *_: answers.pop(0))

    assert (there.address, there.host, there.path) == (PUBLIC, "rebind.example.org", "/x?y=1")
    assert len(answers) == 1


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org", "https://", "https://me@example.org", "http://[::1", "https://x:99999/"],
)
def test_an_invalid_url_is_rejected(url: str) -> None:
    with pytest.raises(UrlRefused):
        destination(url, [], lambda *_: [PUBLIC])


@pytest.mark.parametrize("form", ["http://2130706433/", "http://0x7f.1/", "http://127.1/"])
def test_other_notations_of_loopback_are_rejected(form: str) -> None:
    with pytest.raises(UrlRefused, match=r"127\.0\.0\.1"):
        destination(form, [])


@pytest.mark.parametrize("exception", ["hooks.internal", "10.1.2.3", "10.1.0.0/16"])
def test_an_allowed_host_or_network_is_reachable(exception: str) -> None:
    there = destination("http://hooks.internal:8080/", [exception], lambda *_: ["10.1.2.3"])

    assert (there.address, there.name) == ("10.1.2.3", "hooks.internal:8080")


def at_another(*_: object) -> list[str]:
    return ["10.2.0.1"]


def test_an_exception_does_not_apply_to_other_hosts() -> None:
    with pytest.raises(UrlRefused):
        destination(
            "http://other.internal/", ["hooks.internal", "10.1.0.0/16"], lambda *_: ["10.2.0.1"]
        )
