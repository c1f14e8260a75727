"""The catalog: items, their prices, and what the service `stock` has of each. Python's standard library alone."""

import json
import os
import signal
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PRICES = {"tea": 4.5, "cup": 9.0, "kettle": 39.0}


def stock_of(item, traceparent):
    # With it, the call is in the trace of the request that it is made for (W3C Trace Context).
    headers = {"traceparent": traceparent} if traceparent else {}
    request = urllib.request.Request(f"http://stock.mesh/stock/{item}", headers=headers)
    # urllib goes through http_proxy by itself.
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)["pieces"]


class Catalog(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        item = self.path.removeprefix("/items/")
        if item in PRICES:
            pieces = stock_of(item, self.headers.get("traceparent"))
            self.answer(200, {"item": item, "price": PRICES[item], "pieces": pieces, "by": "python"})
        else:
            self.answer(404, {"error": f"nothing at {self.path}"})

    def answer(self, status, body):
        data = (json.dumps(body) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Catalog).serve_forever()
