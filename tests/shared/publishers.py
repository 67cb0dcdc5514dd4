"""Publishers as a server on this machine: answers in their forms, from tests/reference/fetch, by the path asked for."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

ANSWERS = Path(__file__).parents[1] / "reference" / "fetch"
KINDS = {".csv": "text/csv", ".json": "application/json", ".xml": "application/xml"}
WB, FLOWS, DATA = "/wb/country/IND/indicator/IT.NET.USER.ZS", "/eurostat/dataflow/ESTAT", "/eurostat/data/ISOC_EB_AI"


class Publishers(BaseHTTPRequestHandler):
    """Answers from files, and faults that a test has set for a path."""

    faults, asked = {}, []

    def do_GET(self):
        parts = urlsplit(self.path)
        self.asked.append(self.path)
        fault = self.faults.get(parts.path)
        if callable(fault):
            return fault(self)
        if fault is not None:
            return self.give(fault, KINDS[Path(parts.path).suffix or ".json"])
        path = DATA if parts.path.startswith(DATA) else parts.path.replace("%20", "_")
        page = parse_qs(parts.query).get("page", ["1"])[0]
        for name in (path, f"{path}.json", f"{path}-{page}.json", f"{path}.xml"):
            if (file := ANSWERS / name[1:]).is_file():
                return self.give(file.read_bytes(), KINDS[file.suffix])
        return self.give(b"<html>Not found</html>", "text/html", 404)

    def give(self, content, kind, status=200, **headers):
        self.send_response(status)
        for name, value in {"Content_Type": kind, "Content_Length": len(content), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def serve():
    """The addresses of the publishers by name, and as ADOPTION_HOSTS has them, while the server runs."""
    Publishers.faults, Publishers.asked = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Publishers)
    Thread(target=server.serve_forever, daemon=True).start()
    hosts = {name: f"http://127.0.0.1:{server.server_port}/{name}" for name in ("owid", "wb", "eurostat")}
    try:
        yield hosts, " ".join("=".join(pair) for pair in hosts.items())
    finally:
        server.shutdown()
        server.server_close()
