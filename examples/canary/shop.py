"""A version of the shop: answers every request with its name. Only the standard library is needed.

    python3 shop.py 7012 --fail-after 60

With `--fail-after N` every request from the N-th on is answered with 500.
"""

import argparse
import http.server
import itertools
import json

options = argparse.ArgumentParser()
options.add_argument("port", type=int)
options.add_argument("--fail-after", type=int)
options = options.parse_args()
requests = itertools.count(1)


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        broken = options.fail_after is not None and next(requests) > options.fail_after
        body = json.dumps({"version": options.port, "path": self.path}).encode()
        self.send_response(500 if broken else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Shop).serve_forever()
