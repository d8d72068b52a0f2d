#!/usr/bin/env bash
# ralph-malph 5.1.0: reading statements from a learning record store (`ralph read --backend lrs`)
# does not follow the link "more". It keeps the address of the first request and takes over only
# the query of the link. Where a store puts the position of the next page into the path, which the
# specification leaves open, every request reads the first page again.
#
# Seen: of a store with two pages and "more": "/statements/more/2", the first page is read again
# for as long as it names that link (three times here, then the store ends it), the second never;
# with "more": "/statements?page=2", each is read once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "ralph-malph[backend-lrs,cli]==5.1.0"
cat > "$folder/seen.py" <<'PYTHON'
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version


def requests_of_a_reader(link):
    seen = []

    class Store(BaseHTTPRequestHandler):
        def do_GET(self):
            is_second = self.path.startswith("/statements/more/2") or "page=2" in self.path
            seen.append(2 if is_second else 1)
            ends = is_second or len(seen) == 3
            one = {"id": f"00000000-0000-4000-8000-00000000000{seen[-1]}"}
            body = json.dumps({"statements": [one], "more": "" if ends else link}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    subprocess.run(
        [sys.executable, "-m", "ralph", "-v", "ERROR", "read", "--backend", "lrs",
         "--lrs-base-url", f"http://127.0.0.1:{server.server_port}",
         "--lrs-statements-endpoint", "/statements", "--lrs-username", "a",
         "--lrs-password", "b"],
        check=True, capture_output=True,
    )
    return seen


path, query = requests_of_a_reader("/statements/more/2"), requests_of_a_reader("/statements?page=2")
print("ralph-malph", version("ralph-malph"))
print("pages read with a link by path:", path, "by query:", query)
assert path == [1, 1, 1], path
assert query == [1, 2], query
PYTHON
cd "$folder"
RALPH_SENTRY_DSN="" venv/bin/python seen.py
