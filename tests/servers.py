"""Local servers that fail on purpose, for tests of remote data."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Flaky:
    """Serves ``files`` (path -> bytes) by ranges. Each ``faults`` entry spoils one GET of a range, in order.

    ``"cut"`` closes the connection in the middle of the body, a number is a status. ``ranges = False`` ignores Range.
    """

    def __init__(self):
        self.files, self.faults, self.asked, self.etags = {}, [], [], {}
        self.ranges, self.token = True, None
        self.api = {}

    @contextmanager
    def serving(self):
        """Serve; gives the URL."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"flaky": self}))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    flaky = None

    def log_message(self, *_):
        """Say nothing."""

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(body=True)

    def _answer(self, *, body):
        path, _, query = self.path.partition("?")
        if path in self.flaky.api:
            return self._send(200, json.dumps(self.flaky.api[path]).encode(), {"Content-Type": "application/json"})
        data = self.flaky.files.get(path)
        if data is None:
            return self._send(404, b"")
        if self.flaky.token and query != self.flaky.token:
            return self._send(403, b"")
        headers = {"ETag": self.flaky.etags.get(path, f'"{len(data)}"')}
        wanted = self.headers.get("Range") if self.flaky.ranges else None
        status = 200
        if wanted:
            first, last = wanted.removeprefix("bytes=").split("-")
            whole, data, status = len(data), data[int(first) : int(last) + 1], 206
            headers["Content-Range"] = f"bytes {first}-{int(first) + len(data) - 1}/{whole}"
            self.flaky.asked.append((path, int(first)))
        fault = self.flaky.faults.pop(0) if wanted and self.flaky.faults else None
        if isinstance(fault, int):
            return self._send(fault, b"")
        return self._send(status, data, headers, body=body, cut=fault == "cut")

    def _send(self, status, data, headers=(), *, body=True, cut=False):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True
