"""What all pages share: the look, the policy that forbids requests and scripts, and the templates."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader

TEMPLATES = Path(__file__).parent / "templates"
# characters that steer a terminal or turn the direction of writing; in a page they could hide or move other text
STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@cache
def describe_frame() -> dict[str, str]:
    """The style of all pages, and the policy that allows this style, images within the page, and nothing else."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return {"style": style, "policy": policy}


def render(template: str, folder: Path = TEMPLATES, **content: Any) -> str:
    """HTML of a page from `template`, which extends ``sheet.html.j2``; everything put in is escaped.

    Parameters
    ----------
    template : str
        File name, looked for in `folder` and among the templates here.
    **content
        What the template asks for; ``sheet.html.j2`` itself needs ``title``, ``run`` and ``sections`` (pairs of
        address and heading, for the list of contents).

    Returns
    -------
    str
        A page that makes no request and runs nothing.
    """
    return show_steering(_open_templates(folder).get_template(template).render(frame=describe_frame(), **content))


@cache
def _open_templates(folder: Path) -> Environment:
    loader = ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(TEMPLATES)])
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def show_steering(page: str) -> str:
    """The page with a mark in place of each character that steers a terminal or turns the direction of writing."""
    return STEERING.sub("\N{REPLACEMENT CHARACTER}", page)
