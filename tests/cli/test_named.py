"""Every command and option that a page, a notebook, a help text or a refusal names is there."""

import ast
import json
import re
import shlex
from pathlib import Path

from adoption_curves.base.columns import GONE
from adoption_curves.cli import adoption

ROOT = Path(__file__).parents[2]
OPTIONS = {
    name: {"--help", *(option for one in command.params for option in one.opts)}
    for name, command in adoption.commands.items()
}
EVERY = {"--version", "--help"}.union(*OPTIONS.values())
OTHERS = {"--porcelain", "--branch", *(f"--{name}" for name in GONE)}
"""An option of git, and those that went, of which a refusal says so."""
PAGES = [*ROOT.glob("docs/*.md"), *(ROOT / name for name in ("README.md", "data/README.md", "outputs/README.md"))]


def list_code(text):
    """Lines of code blocks, and code within sentences."""
    text = re.sub(r"(?m)^<!--.*?-->$", "", text)
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (line.split("  #")[0].strip() for block in blocks for line in block.splitlines())
    yield from re.findall(r"`([^`\n]+)(?:`|$)", "\n".join([rest, *blocks]), flags=re.MULTILINE)


def find_missing(line):
    """What a line of code names and the command has not; a line of another program has nothing."""
    line = re.sub(r"^\S+ \S+ \* \* \*\s+(?:cd \S+ && )?", "", line)  # of a crontab
    program, _, rest = line.partition(" ")
    if Path(program).name != "adoption":
        return [] if not re.match("--[a-z]", program) or program.split("=")[0] in EVERY else [program]
    words = shlex.split(rest.split(" -- ")[0])
    if not words or words[0].startswith("-"):
        return [word for word in words if word not in EVERY]
    options = OPTIONS.get(words[0])
    if options is None:
        return words[:1]
    return [word for word in words[1:] if re.match(r"--?[a-z]", word) and word.split("=")[0] not in options]


def test_pages_name_commands_and_options_that_there_are():
    lines = {path.name: [*list_code(path.read_text(encoding="utf-8"))] for path in PAGES if path.name != "CHANGELOG.md"}
    assert sum(line.startswith("adoption ") for found in lines.values() for line in found) > 40
    missing = {name: [each for line in found for each in find_missing(line)] for name, found in lines.items()}
    assert {name: each for name, each in missing.items() if each} == {}


def list_texts():
    """Texts of the package, templates and docstrings among them, and of the notebooks, by file."""
    for path in (ROOT / "src").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        yield path.name, "\n".join(one for one in found if isinstance(one, str))
    for pattern in ("*.j2", "*.toml"):
        yield from ((path.name, path.read_text(encoding="utf-8")) for path in (ROOT / "src").rglob(pattern))
    for path in ROOT.glob("notebooks/*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        yield path.name, "\n".join("".join(cell["source"]) for cell in cells)


def test_refusals_help_and_notebooks_name_commands_and_options_that_there_are():
    texts = [*list_texts()]
    options = {(name, one) for name, text in texts for one in re.findall(r"(?<![\w-])--[a-z][a-z-]*\b", text)}
    commands = {
        (name, one)
        for name, text in texts
        for one in re.findall(r"(?:['`]|as in: |[Mm]ake one: )adoption ([a-z]+)", text)
    }
    assert len(options) > 30
    assert len(commands) > 10
    assert {each for each in options if each[1] not in EVERY | OTHERS} == set()
    assert {each for each in commands if each[1] not in OPTIONS} == set()
