"""Contents that come with statements, and signatures."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from hashlib import sha256
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from xapi.models import Attachment, Statement
from xapi.statements.signatures import REGISTRY, SIGNATURE
from xapi.tests.lrs import HEARD, Store, statement, uuid

MIXED = 'multipart/mixed; boundary="line"'
CONTENT = b"\x00\xff\r\n--lin\nwhat Ada drew\r\n"


def attached(content: bytes, **changes: Any) -> dict[str, Any]:
    found = {
        "usageType": "https://usage.example/drawing",
        "display": {"en": "A drawing"},
        "contentType": "image/png",
        "length": len(content),
        "sha2": sha256(content).hexdigest(),
        **changes,
    }
    return {"attachments": [found]}


def part(content: bytes, *headers: str) -> bytes:
    return "\r\n".join(["--line", *headers, "", ""]).encode() + content + b"\r\n"


def content_part(content: bytes) -> bytes:
    return part(
        content,
        "Content-Type: image/png",
        "Content-Transfer-Encoding: binary",
        f"X-Experience-API-Hash: {sha256(content).hexdigest()}",
    )


def json_part(*statements: Any) -> bytes:
    return part(json.dumps(statements).encode(), "Content-Type: application/json")


def whole(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--line--\r\n"


def test_an_attachment_comes_back_as_it_was_sent(store: Store) -> None:
    sent = statement(1, **attached(CONTENT))
    assert store.post_raw(whole(json_part(sent), content_part(CONTENT)), MIXED).status_code == 200

    answer = store.get(statementId=uuid(1), attachments="true")
    head = f"Content-Type: {answer['Content-Type']}\r\n\r\n".encode()
    first, second = cast("Any", message_from_bytes(head + answer.content).get_payload())
    assert json.loads(first.get_payload())["id"] == uuid(1)
    assert second["X-Experience-API-Hash"] == sha256(CONTENT).hexdigest()
    assert b"\r\n\r\n" + CONTENT + b"\r\n--" in answer.content
    assert Attachment.objects.get().is_intact
    assert store.get(statementId=uuid(1))["Content-Type"] == "application/json"


def test_a_file_elsewhere_needs_no_content(store: Store) -> None:
    there = attached(CONTENT, fileUrl="https://files.example/1")

    assert store.post(statement(1, **there)).status_code == 200
    assert store.post(statement(2, **attached(CONTENT))).status_code == 400


def test_a_content_with_another_digest_is_marked(store: Store) -> None:
    body = whole(json_part(statement(1, **attached(CONTENT))), content_part(CONTENT))
    store.post_raw(body.replace(b"what Ada drew", b"what Bo drew"), MIXED)

    assert not Attachment.objects.get().is_intact


ONE = statement(1, **attached(CONTENT))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no line with the boundary"),
        (json_part(ONE) + content_part(CONTENT), "closing boundary"),
        (whole(json_part(ONE)) + content_part(CONTENT), "closing boundary"),
        (whole(json_part(ONE), content_part(CONTENT)) + json_part(ONE), "closing boundary"),
        (b"--line--\r\n", "no part"),
        (b"--line\r\nContent-Type: application/json\r\n--line--\r\n", "no empty line"),
        (whole(content_part(CONTENT), json_part(ONE)), "parts[0]: must have the Content-Type"),
        (whole(json_part(ONE)), "statements[0].attachments[0]: names a content that is not"),
        (whole(json_part(ONE), part(CONTENT)), "parts[1]: needs the header Content-Transfer"),
        (whole(json_part(ONE), part(CONTENT, "Content-Transfer-Encoding: binary")),
         "parts[1]: needs the header X-Experience-API-Hash"),
        (whole(json_part(ONE), content_part(CONTENT), content_part(b"other")),
         "parts[2]: no statement has an attachment"),
        (whole(part(b"{", "Content-Type: application/json")), "not valid JSON"),
    ],
)  # fmt: skip
def test_a_broken_multipart_body_is_refused(store: Store, body: bytes, words: str) -> None:
    answer = store.post_raw(body or b" ", MIXED)

    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert not Statement.objects.exists()


def test_a_multipart_body_needs_a_boundary(store: Store) -> None:
    answer = store.post_raw(whole(json_part(ONE)), "multipart/mixed")

    assert "needs a boundary" in answer.json()["detail"]


class Signer:
    """Somebody with a key and a certificate of it."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ada")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.key = RSAKey.import_key(pem)
        self.x5c = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]

    def sign(self, payload: Any, **header: Any) -> bytes:
        whole_header = {"alg": "RS256", "x5c": self.x5c, **header}
        written = jws.serialize_compact(
            whole_header, json.dumps(payload), self.key, registry=REGISTRY
        )
        return written.encode()


@pytest.fixture(scope="module")
def ada() -> Signer:
    return Signer()


def send_signed(store: Store, sent: dict[str, Any], signature: bytes, **changes: Any) -> Any:
    kind = {"usageType": SIGNATURE, "contentType": "application/octet-stream", **changes}
    body = json_part(sent | attached(signature, **kind))
    return store.post_raw(whole(body, content_part(signature)), MIXED)


def test_a_signed_statement_is_accepted(store: Store, ada: Signer) -> None:
    sent = statement(1)

    assert send_signed(store, sent, ada.sign(sent)).status_code == 200


def test_a_signature_must_be_by_the_key_of_its_certificate(store: Store, ada: Signer) -> None:
    answer = send_signed(store, statement(1), ada.sign(statement(1), x5c=Signer().x5c))

    assert answer.status_code == 400
    assert "was not made with the key of its certificate" in answer.json()["detail"]


def test_a_signature_must_be_of_the_statement(store: Store, ada: Signer) -> None:
    answer = send_signed(store, statement(1), ada.sign(statement(1, verb=HEARD)))

    assert 'signs another statement; "verb" differs' in answer.json()["detail"]
    assert answer.json()["field"] == "statements[0].attachments[0]"


def test_a_signature_that_was_altered_is_refused(store: Store, ada: Signer) -> None:
    head, _, tail = ada.sign(statement(1)).split(b".")
    forged = base64.urlsafe_b64encode(json.dumps(statement(1, verb=HEARD)).encode()).rstrip(b"=")
    answer = send_signed(store, statement(1, verb=HEARD), b".".join([head, forged, tail]))

    assert "was not made with the key" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        (b"nothing", "is no JSON Web Signature"),
        (jws.serialize_compact(
            {"alg": "HS256"}, json.dumps(statement(1)), OctKey.import_key("k" * 32)
        ).encode(), "signed with HS256"),
    ],
)  # fmt: skip
def test_what_is_no_allowed_signature_is_refused(
    store: Store, signature: bytes, words: str
) -> None:
    answer = send_signed(store, statement(1), signature)

    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_a_signature_of_no_statement_or_with_an_unreadable_certificate_is_refused(
    store: Store, ada: Signer
) -> None:
    nothing = send_signed(store, statement(1), ada.sign({"a": 1}))
    unreadable = send_signed(store, statement(1), ada.sign(statement(1), x5c=["AAAA"]))
    as_text = send_signed(store, statement(1), ada.sign(statement(1)), contentType="text/plain")

    assert "a statement that is not valid" in nothing.json()["detail"]
    assert "cannot be read" in unreadable.json()["detail"]
    assert "application/octet-stream" in as_text.json()["detail"]
