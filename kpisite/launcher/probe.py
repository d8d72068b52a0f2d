"""Ask the web server of this machine how it is: `python -m kpisite.launcher.probe [web]`.

Exit code 0 if all is well, 1 if not; prints what /health or, with `web`, /health/web says. Reads no
settings, as it runs every few seconds.
"""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException


def main() -> None:
    path = "/health/web" if sys.argv[1:] == ["web"] else "/health"
    name = os.environ.get("ALLOWED_HOSTS", "localhost").partition(",")[0].strip().lstrip(".")
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "5000")), timeout=4)
    try:
        connection.request("GET", path, headers={"Host": name.replace("*", "localhost")})
        answer = connection.getresponse()
        print(answer.read().decode())
    except (OSError, HTTPException) as error:
        sys.exit(f"The web server does not answer: {error}.")
    sys.exit(answer.status != 200)


if __name__ == "__main__":
    main()
