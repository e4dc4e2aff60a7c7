"""A FIRMS of our own on a free port: it replays given rows, and fails in the ways in which servers fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEAD = (
    b"latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight\n"
)
AVAILABLE = b"data_id,min_date,max_date\n"


class Feed(ThreadingHTTPServer):
    """`answers`: product → body, or the name of a fault; `asked`: the paths that were asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, bytes | str] = {}
        self.available = AVAILABLE
        self.asked: list[str] = []
        self.release = threading.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Feed

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        parts = self.path.split("/")
        if "data_availability" in parts:
            return self._whole(self.server.available)
        given = self.server.answers.get(parts[5], HEAD)
        with suppress(BrokenPipeError, ConnectionResetError):
            if isinstance(given, bytes):
                return self._whole(given)
            getattr(self, f"_{given}")()
        return None

    def _whole(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _busy(self) -> None:
        self._whole(b"slow down", 429, Retry_After="1800")

    def _broken(self) -> None:
        self._whole(b"oops", 500)

    def _elsewhere(self) -> None:
        self._whole(b"", 302, Location="http://127.0.0.1:1/taken")

    def _cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(HEAD + b"41.25,123.75,332.28,0.49,0.4,2023-10-0")

    def _cut_unseen(self) -> None:
        """No length was told, so only the last row shows it."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(HEAD + b"41.25,123.75,332.28,0.49,0.4,2023-10-0")

    def _page(self) -> None:
        self._whole(b"<!doctype html><html><body>maintenance</body></html>")

    def _bad_key(self) -> None:
        self._whole(b"Invalid MAP_KEY.")

    def _nothing(self) -> None:
        self._whole(b"")

    def _trickle(self) -> None:
        """A byte whenever the test lets it: never silent for long, and never done."""
        self.send_response(200)
        self.end_headers()
        while not self.server.release.wait(0.05):
            self.wfile.write(b"4")
            self.wfile.flush()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@contextmanager
def serving() -> Iterator[Feed]:
    server = Feed()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
