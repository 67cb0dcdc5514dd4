"""A server on loopback that answers like Eurostat's and the Census Bureau's interfaces, well or badly."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from worldbank_server import listen

GEO = {"DE": "Germany", "EU27_2020": "European Union - 27 countries (from 2020)", "FR": "France"}
YEARS = ("2021", "2023", "2024", "2025")
SHARES = {"DE": (11.0, 12.0, 19.8, 26.0), "EU27_2020": (7.7, 8.1, 13.5, 20.0), "FR": (6.7, None, 9.9, 18.2)}
UNITS = {"PC_ENT": "Percentage of enterprises", "PC_TURN": "Percentage of turnover"}
PERIODS = {"30": "28-AUG-23", "31": "11-SEP-23", "84": "08-SEP-25", "88": "17-NOV-25"}
OLD = "did this business use Artificial Intelligence (AI) in producing goods or services?"
NEW = "did this business use Artificial Intelligence (AI) in any of its business functions?"
FIRMS = {"31": (OLD, "3.7", "0.1"), "84": (OLD, "9.9", "0.2"), "88": (NEW, "17.3", None)}


def list_categories(labels):
    return {"category": {"index": {code: place for place, code in enumerate(labels)}, "label": labels}}


def answer_eurostat(query):
    """JSON-stat 2.0: figures by their place in a cube, those that are missing left out."""
    geo = {code: GEO[code] for code in query.get("geo", GEO)}
    units = {code: UNITS[code] for code in query.get("unit", UNITS)}
    dimension = {"unit": units, "geo": geo, "time": dict(zip(YEARS, YEARS, strict=True))}
    cube = [value for _ in units for code in geo for value in SHARES[code]]
    return {
        "version": "2.0", "class": "dataset", "label": "Artificial intelligence by size class of enterprise",
        "source": "ESTAT", "updated": "2025-12-11T11:00:00+0100", "status": {},
        "value": {str(place): value for place, value in enumerate(cube) if value is not None},
        "id": list(dimension), "size": [len(labels) for labels in dimension.values()],
        "dimension": {name: list_categories(labels) for name, labels in dimension.items()},
    }  # fmt: skip


def answer_census(path):
    """The list of periods, or all answers of one of them: null where nothing was asked."""
    if path == "periods":
        day = " 12.00.00.000000 AM"
        return [{"PERIOD_ID": period, "COLLECTION_START": start + day} for period, start in PERIODS.items()]
    period = path.split("/")[1]
    if period not in FIRMS:
        return None
    question, share, error = FIRMS[period]
    shared = {"PERIOD_ID": period, "QUESTION": question}
    return {
        "0": {
            **shared,
            "OPTION_TEXT": "AI current",
            "ANSWER": "Yes",
            "ESTIMATE_PERCENTAGE": share,
            "STANDARD_ERROR": error,
        },
        "1": {**shared, "OPTION_TEXT": "AI current", "ANSWER": "No", "ESTIMATE_PERCENTAGE": "80.0"},
        "2": {**shared, "OPTION_TEXT": "AI future", "ANSWER": "Yes", "ESTIMATE_PERCENTAGE": "6.0"},
    }


@contextmanager
def serve(spoil=lambda path, answer: answer):
    """Address of a server that runs while the block does, and the paths that it was asked for.

    ``spoil`` may change an answer, or return (status, bytes), or a number: so many seconds between two bytes.
    """
    asked, closing = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            address = urlsplit(self.path)
            path = address.path.strip("/")
            asked.append(path)
            query = parse_qs(address.query)
            answer = spoil(path, answer_eurostat(query) if path.startswith("isoc") else answer_census(path))
            status, body = answer if isinstance(answer, tuple) else (200, json.dumps(answer).encode())
            self.send_response(status)
            self.send_header("Content-Length", str(10_000 if isinstance(answer, float) else len(body)))
            self.end_headers()
            while isinstance(answer, float) and not closing.is_set():
                self.wfile.write(b" ")
                time.sleep(answer)
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    with listen(Handler, closing) as address:
        yield address, asked
