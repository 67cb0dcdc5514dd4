"""Publishers as a server on this machine: answers in their forms, from tests/reference/fetch."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

ANSWERS = Path(__file__).parents[1] / "reference" / "fetch"
KINDS = {".csv": "text/csv", ".json": "application/json", ".xml": "application/xml"}
WB, FLOWS, DATA = "/wb/country/IND/indicator/IT.NET.USER.ZS", "/eurostat/dataflow/ESTAT", "/eurostat/data/ISOC_EB_AI"
FILES = {
    "/owid/grapher/electric-car-sales-share.csv": "owid/electric-car-sales-share.csv",
    "/owid/grapher/electric-car-sales-share.metadata.json": "owid/electric-car-sales-share.metadata.json",
    "/owid/grapher/app-users.csv": "owid/app-users.csv",
    "/owid/grapher/app-users.metadata.json": "owid/app-users.metadata.json",
    "/owid/api/search": "owid/search.json",
    "/wb/indicator/IT.NET.USER.ZS": "wb/indicator.json",
    "/wb/indicator/IT.NET.USER": "wb/invalid.json",
    "/wb/country": "wb/country.json",
    WB: "wb/internet-{page}.json",
    "/wb/sources/2/series/IT.NET.USER.ZS/metadata": "wb/metadata.json",
    "/wb/sources/2/search/IT NET USER": "wb/search.json",
    "/wb/country/NOR/indicator/SP.POP.TOTL": "wb/population.json",
    f"{FLOWS}/ISOC_EB_AI/latest": "eurostat/structure.xml",
    f"{FLOWS}/all/latest": "eurostat/dataflows.xml",
}


class Publishers(BaseHTTPRequestHandler):
    """Answers from files, and faults that a test has set for a path."""

    faults, asked = {}, []

    def do_GET(self):
        parts = urlsplit(self.path)
        path = parts.path.replace("%20", " ")
        self.asked.append(self.path)
        fault = self.faults.get(path)
        if callable(fault):
            return fault(self)
        if fault is not None:
            return self.give(fault, KINDS[Path(path).suffix or ".json"])
        if path.startswith(DATA):
            return self.give((ANSWERS / "eurostat/data.xml").read_bytes(), KINDS[".xml"])
        if path not in FILES:
            return self.give(b"<html>Not found</html>", "text/html", 404)
        file = ANSWERS / FILES[path].format(page=parse_qs(parts.query).get("page", ["1"])[0])
        return self.give(file.read_bytes(), KINDS[file.suffix])

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
