#!/usr/bin/env bash
# joserfc 1.8.0: a valid token whose header holds a certificate is refused by default.
#
# RFC 7515 sets no limit, and "x5c" is a registered header. joserfc refuses protected headers of
# more than 512 bytes (in base64url) with its default registry; a single RSA certificate has about
# 1,000. Tokens without a chain pass for years, until an issuer adds "x5c" to its headers. The limit
# is an attribute of the registry, and no option of decode().
#
# Seen: the token without x5c is accepted; the same with one self-signed certificate raises
# ExceededSizeError, and is accepted by a registry whose max_header_length is larger.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check joserfc==1.8.0 cryptography==46.0.3

"$folder/venv/bin/python" - <<'PYTHON'
import base64
import datetime

import joserfc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lms.example.org")])
now = datetime.datetime.now(datetime.UTC)
certificate = (
    x509.CertificateBuilder()
    .subject_name(name).issuer_name(name).public_key(private.public_key()).serial_number(1)
    .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    .sign(private, hashes.SHA256())
)
der = certificate.public_bytes(serialization.Encoding.DER)
pem = private.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
key = RSAKey.import_key(pem)
large = jws.JWSRegistry()
large.max_header_length = 10_000


def decoded(extra, registry=None):
    header = {"alg": "RS256", "kid": "1", **extra}
    token = jwt.encode(header, {"sub": "ada"}, key, registry=large)
    try:
        return jwt.decode(token, key, registry=registry).claims["sub"]
    except JoseError as error:
        return type(error).__name__


chain = {"x5c": [base64.b64encode(der).decode()]}
seen = decoded({}), decoded(chain), decoded(chain, large)
print(f"joserfc {joserfc.__version__}: without x5c {seen[0]}, with {seen[1]}, larger limit {seen[2]}")
raise SystemExit(0 if seen == ("ada", "ExceededSizeError", "ada") else "It is different now.")
PYTHON
