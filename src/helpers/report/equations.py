"""Equations as MathML: readers' browsers set them without a script."""

from __future__ import annotations

import html

from latex2mathml.converter import convert

MARKS = (("$$", "$$", True), (r"\[", r"\]", True), ("$", "$", False), (r"\(", r"\)", False))


def set_equation(latex: str, display: bool) -> str:
    """MathML of a LaTeX equation, one of its own in a box that scrolls; what can't be set stands as it was written."""
    latex = latex.strip()
    try:
        equation = convert(latex, display="block" if display else "inline")
    except Exception:  # noqa: BLE001  latex2mathml raises of many kinds, and a page must not fail for an equation
        return f"<code>{html.escape(latex)}</code>"
    equation = equation.replace("<math ", f'<math alttext="{html.escape(latex, quote=True)}" ', 1)
    if not display:
        return equation
    return f'<div class="equation" tabindex="0" role="group" aria-label="Equation">{equation}</div>'


def set_latex(source: str) -> str:
    """MathML of a cell's LaTeX output."""
    source = source.strip()
    for mark, end, display in MARKS:
        if source.startswith(mark) and source.endswith(end) and len(source) > len(mark) + len(end):
            return set_equation(source[len(mark) : -len(end)], display)
    return f"<pre>{html.escape(source)}</pre>"
