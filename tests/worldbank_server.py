"""A server on loopback that answers like the World Bank's interface, in the shapes that it has, well or badly."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

NAMES = {"CHN": "China", "KOR": "Korea, Rep.", "GBR": "United Kingdom"}
TITLE = "Individuals using the Internet (% of population)"
CODE = "IT.NET.USER.ZS"
FIGURES = {  # with blanks, as the interface sends them, newest first
    "CHN": {2023: 90.6, 2022: 75.6, 2021: 73.0527, 2020: None, 2019: 64.0803, 2018: 59.2, 1993: 0.000168},
    "KOR": {2023: 97.4, 2022: 97.2, 2021: 97.6, 2020: 96.5, 2019: None, 2018: None, 1993: 0.249},
    "GBR": {2023: None, 2022: 95.3, 2021: 96.7, 2020: 94.8, 2002: 56.48, 2001: 33.48, 2000: 26.82},
}
ANSWERS = {
    "region": [{"id": "", "code": "EAS", "iso2code": "Z4", "name": "East Asia & Pacific"}],
    "incomelevel": [{"id": "UMC", "iso2code": "XT", "value": "Upper middle income"}],
    "lendingtype": [{"id": "IBD", "iso2code": "XF", "value": "IBRD"}],
    "sources/2": [{"id": "2", "name": "World Development Indicators", "metadataavailability": "Y"}],
}


def describe_country(code):
    grouped = {"id": "EAS", "iso2code": "Z4", "value": "East Asia & Pacific"}
    return {
        "id": code, "iso2Code": code[:2], "name": NAMES.get(code, code), "region": grouped, "adminregion": grouped,
        "incomeLevel": {"id": "UMC", "iso2code": "XT", "value": "Upper middle income"},
        "lendingType": {"id": "IBD", "iso2code": "XF", "value": "IBRD"},
        "capitalCity": "Capital", "longitude": "116.286", "latitude": "40.0495",
    }  # fmt: skip


def list_rows(codes):
    return [
        {
            "variable": [
                {"concept": "Country", "id": code, "value": NAMES[code]},
                {"concept": "Series", "id": CODE, "value": TITLE},
                {"concept": "Time", "id": f"YR{year}", "value": str(year)},
            ],
            "value": value,
        }
        for code in codes
        for year, value in FIGURES[code].items()
    ]


def find_answer(path, query):
    """What the interface says to a path: a page of a list, of concepts, or of data."""
    size, page = int(query["per_page"][0]), int(query["page"][0])
    pages = {"page": page, "pages": 1, "per_page": size, "total": 1, "lastupdated": "2024-12-16"}
    source = {"id": "2", "name": "World Development Indicators"}
    if path == "sources/2/concepts":
        concepts = [{"id": name, "value": name} for name in ("Country", "Series", "Time")]
        return {**pages, "total": 3, "source": [{**source, "concept": concepts}]}
    if path == "sources/2/time/all":
        years = [{"id": f"YR{year}", "value": str(year)} for year in range(1990, 2025)]
        return {**pages, "total": 35, "source": [{**source, "concept": [{"id": "Time", "variable": years}]}]}
    if path.endswith("/metadata"):
        terms = [{"id": "License_Type", "value": "CC BY-4.0"}, {"id": "Periodicity", "value": "Annual"}]
        concept = {"id": "Series", "variable": [{"id": CODE, "metatype": terms}]}
        return {**pages, "source": [{**source, "concept": [concept]}]}
    if path == "country/all":
        return [{**pages, "per_page": str(size), "total": 4}, [describe_country(code) for code in (*NAMES, "USA")]]
    if path in ANSWERS:
        return [{**pages, "per_page": str(size)}, ANSWERS[path]]
    _, _, _, series, _, codes, _, _ = path.split("/")
    if series != CODE or not set(codes.split(";")) <= set(NAMES):
        return refuse()
    rows = list_rows(codes.split(";"))
    shown = rows[size * (page - 1) : size * page]
    return {
        **pages, "pages": -(-len(rows) // size), "total": len(rows), "source": {**source, "data": shown}
    }  # fmt: skip


def refuse():
    text = "The provided parameter value is not valid"
    return [{"message": [{"id": "120", "key": "Invalid value", "value": text}]}]


@contextmanager
def serve(spoil=lambda path, answer: answer):
    """Address of a server that runs while the block does, and the paths that it was asked for.

    ``spoil`` may change an answer, or return (status, bytes) or None (no answer until the block ends).
    """
    asked, closing = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            address = urlsplit(self.path)
            path = address.path.removeprefix("/v2/en/")
            asked.append(path)
            answer = spoil(path, find_answer(path, parse_qs(address.query)))
            if answer is None:
                closing.wait(20)
                return
            status, body = answer if isinstance(answer, tuple) else (200, json.dumps(answer).encode())
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    with listen(Handler, closing) as address:
        yield f"{address}/v2", asked


@contextmanager
def listen(handler, closing):
    """Address of a server on this machine, which answers until the block ends and `closing` is set."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
