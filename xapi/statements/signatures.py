"""Signed statements: a JSON Web Signature of the statement, sent as an attachment."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from xapi.statements.comparing import first_difference
from xapi.validation.statements import statement_check
from xapi.validation.wrong import Wrong

SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
ALGORITHMS = ["RS256", "RS384", "RS512"]


class Registry(jws.JWSRegistry):
    """Room for a chain of certificates, of which the usual limit takes not even one."""

    max_header_length = 64 * 1024
    max_payload_length = 1024 * 1024
    max_signature_length = 4 * 1024


REGISTRY = Registry(algorithms=ALGORITHMS, strict_check_header=False)


def check_signature(statement: dict[str, Any], content: bytes, version: str) -> None:
    """Raise Wrong unless the signature is one of this very statement.

    The specification has the key in the certificate that the signature names. A signature without
    one cannot be verified, and only its form and what it signs are checked.
    """
    try:
        signature = jws.extract_compact(content, registry=REGISTRY)
        header = signature.headers()
    except (JoseError, ValueError) as error:
        raise Wrong(f"is no JSON Web Signature: {_words(error)}.") from None
    if header.get("alg") not in ALGORITHMS:
        raise Wrong(f"is signed with {header.get('alg')}; allowed are {', '.join(ALGORITHMS)}.")
    if "x5c" in header:
        _verify(content, _key_of(header["x5c"]))
    _compare(statement, signature.payload, version)


def _key_of(chain: Any) -> RSAKey:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=True))
        key = certificate.public_key()
    except (binascii.Error, ValueError, TypeError, IndexError, KeyError):
        raise Wrong("names a certificate (x5c) that cannot be read.") from None
    if not isinstance(key, RSAPublicKey):
        raise Wrong("names a certificate (x5c) whose key is not an RSA key.")
    return RSAKey.import_key(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _verify(content: bytes, key: RSAKey) -> None:
    try:
        jws.deserialize_compact(content, key, registry=REGISTRY)
    except (JoseError, ValueError):
        raise Wrong("was not made with the key of its certificate (x5c).") from None


def _compare(statement: dict[str, Any], payload: bytes, version: str) -> None:
    try:
        signed = json.loads(payload)
    except (ValueError, RecursionError):
        raise Wrong("does not sign a statement: its payload is not JSON.") from None
    try:
        statement_check(version, group_activities=True)(signed)
    except Wrong as wrong:
        raise Wrong(f"signs a statement that is not valid: {wrong}") from None
    unsigned = dict(statement)
    # the signature is no part of what it signs
    others = [one for one in unsigned.pop("attachments", ()) if one["usageType"] != SIGNATURE]
    if others:
        unsigned["attachments"] = others
    if difference := first_difference(unsigned, signed):
        raise Wrong(f'signs another statement; "{difference}" differs.')


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
