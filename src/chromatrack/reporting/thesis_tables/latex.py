"""A table as LaTeX that needs no package: `table` around `tabular`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from chromatrack.reporting.thesis_tables.table import Cell, ThesisTable

ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\textasciigrave{}",
    "α": r"$\alpha$", "β": r"$\beta$", "μ": r"$\mu$", "σ": r"$\sigma$", "×": r"$\times$",
    "±": r"$\pm$", "≤": r"$\leq$", "≥": r"$\geq$", "→": r"$\rightarrow$", "−": "$-$",
    "–": "--", "—": "---", "…": r"\ldots{}", "↓": r"$\downarrow$", "↑": r"$\uparrow$", "²": "$^2$",
}  # fmt: skip
"""What LaTeX takes for itself or has no letter for; scripts of the page have it, too."""
WIDE = 8
"""Columns from which on the type is smaller."""
ABREAST = 5
"""Rows of a turned table that fit side by side; further ones have a table of their own."""
LONG = 28
"""Characters from which on text is broken into lines."""


def escape(text: str) -> str:
    """Text that prints as it stands, whatever characters it has."""
    text = re.sub(r"[\s\x00-\x1f\x7f]+", " ", text)
    return "".join(ESCAPES.get(character, character) for character in text)


def to_latex(table: ThesisTable) -> str:
    """Floating tables with caption, label and note, for `\\input`; one, unless it is turned."""
    body = [
        [_printed(cell, table.digits.get(head, 3)) for head, cell in pairs]
        for pairs in (zip(table.header, row, strict=True) for row in table.rows)
    ]
    name, title = table.name.removeprefix("table-"), table.title
    if not table.turned:
        columns = range(len(table.header))
        kinds = "".join(_alignment([row[i] for row in table.rows]) for i in columns)
        small = len(table.header) >= WIDE
        return _floating(name, title, kinds, _heads(table.header), body, table.note, small=small)
    parts = [body[at : at + ABREAST] for at in range(0, len(body), ABREAST)] or [[]]
    texts = []
    for number, part in enumerate(parts, start=1):
        first, *others = zip(map(escape, table.header), *part, strict=True)
        width = 0.65 / max(len(part), 1)
        kinds = r"p{0.25\textwidth}" + f"p{{{width:.3f}\\textwidth}}" * len(part)
        label, said = (name, title) if number == 1 else (f"{name}-{number}", f"{title}, continued")
        texts.append(_floating(label, said, kinds, [_row(first)], others, table.note))
    return "\n".join(texts)


def _floating(
    label: str,
    title: str,
    kinds: str,
    heads: Sequence[str],
    body: Iterable[Sequence[str]],
    note: str,
    *,
    small: bool = True,
) -> str:
    under = rf"\par\medskip\parbox{{\textwidth}}{{\footnotesize {escape(note)}}}"
    return "\n".join((
        r"\begin{table}[htbp]",
        r"\centering",
        rf"\caption{{{escape(title)}}}",
        rf"\label{{tab:{label}}}",
        *([r"\scriptsize", r"\setlength{\tabcolsep}{3pt}"] if small else []),
        rf"\begin{{tabular}}{{{kinds}}}",
        r"\hline", *heads, r"\hline", *map(_row, body), r"\hline",
        r"\end{tabular}",
        *([under] if note else []),
        r"\end{table}",
        "",
    ))  # fmt: skip


def _heads(header: Sequence[str]) -> list[str]:
    """The heads in one line; in two where "here: success" stands under what it shares."""
    halves = [head.rpartition(": ") for head in header]
    lower = _row([escape(own) for *_, own in halves])
    if not any(shared for shared, *_ in halves):
        return [lower]
    upper = []
    for shared, run in groupby(shared for shared, *_ in halves):
        count = len(list(run))
        joined = [rf"\multicolumn{{{count}}}{{c}}{{{escape(shared)}}}"]
        upper += joined if shared else [""] * count
    return [_row(upper), lower]


def _row(cells: Iterable[str]) -> str:
    # At the start of a row these would belong to the line break before it.
    return re.sub(r"^(?=[\[*])", "{}", " & ".join(cells)) + r" \\"


def _printed(cell: Cell, digits: int | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return escape(cell)
    whole = isinstance(cell, int) or digits is None
    text = str(cell) if whole else f"{cell:.{digits}f}"
    return f"$-${text[1:]}" if text.startswith("-") else text


def _alignment(cells: Sequence[Cell]) -> str:
    """Right for numbers, left for text, in lines where it is long."""
    longest = max((len(cell) for cell in cells if isinstance(cell, str)), default=0)
    if longest > LONG:
        return r"p{0.2\textwidth}"
    return "l" if longest else "r"
