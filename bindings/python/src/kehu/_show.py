"""How tables look: in a terminal, and in a notebook (a static table with a small picture over each column of numbers)."""
from __future__ import annotations

from ._values import CTYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .table import Column, Table

ROWS, WIDTH = 10, 30


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if hasattr(value, "isoformat"):
        return str(value.isoformat(" ") if hasattr(value, "hour") else value.isoformat()).replace("+00:00", "")
    shown = "".join(c if c.isprintable() else " " for c in str(value))
    return shown if len(shown) <= WIDTH else shown[:WIDTH - 1] + "…"


def _width(shown: str) -> int:
    """Cells of a terminal: Chinese characters take two."""
    return sum(2 if "ᄀ" <= c <= "ᅟ" or "⺀" <= c <= "꓏" or "가" <= c <= "힣" or "豈" <= c <= "﫿" or "︰" <= c <= "﹏" or "＀" <= c <= "｠" or c >= "🌀" else 1
               for c in shown)


def _head(table: Table) -> list[list[str]]:
    columns = [table[i] for i in range(len(table.columns))]
    return [[c.name for c in columns], *zip_cells(columns)]


def zip_cells(columns: list[Column]) -> list[list[str]]:
    heads = [[cell(c[i]) for i in range(min(len(c), ROWS))] for c in columns]
    return [list(row) for row in zip(*heads)]


def as_text(table: Table) -> str:
    grid = _head(table)
    widths = [max(_width(row[k]) for row in grid) for k in range(len(grid[0]))]
    lines = ["  ".join(v + " " * (w - _width(v)) for v, w in zip(row, widths)).rstrip() for row in grid]
    if len(table) > ROWS:
        lines.append("...")
    return "\n".join(lines)


def escape(shown: str) -> str:
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def histogram(column: Column, bins: int = 16) -> str:
    """A small SVG of how the numbers are spread; "" where there is nothing to see."""
    if column._kind in ("utf8", "large_utf8", "category", "bool"):
        return ""
    step = max(1, len(column) // 20000)
    view: Any = column.view() if column._struct.type in CTYPES else column.to_list()
    present = column.is_present()
    values = [v for i in range(0, len(column), step) if present[i] for v in (view[i],) if v - v == 0]
    low, high = (min(values), max(values)) if values else (0, 0)
    if low == high:
        return ""
    unit = 2 if high - low == float("inf") else 1
    counts = [0] * bins
    for v in values:
        counts[min(int((v / unit - low / unit) / (high / unit - low / unit) * bins), bins - 1)] += 1
    most = max(counts)
    bars = "".join(f'<rect x="{5 * i}" y="{20 - round(20 * c / most, 1)}" width="4" height="{round(20 * c / most, 1)}"/>'
                   for i, c in enumerate(counts) if c)
    return (f'<svg width="{5 * bins}" height="20" viewBox="0 0 {5 * bins} 20" fill="#4477aa" role="img" '
            f'aria-label="{escape(column.name)}: from {low:.6g} to {high:.6g}">{bars}</svg>')


def as_html(table: Table) -> str:
    columns = [table[i] for i in range(len(table.columns))]
    head = "".join(f"<th>{escape(c.name)}<br>{histogram(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(v)}</td>" for v in row) + "</tr>" for row in zip_cells(columns))
    more = f", the first {ROWS} of them" if len(table) > ROWS else ""
    return (f'<table class="kehu"><caption>{type(table).__name__}: {len(table)} rows{more}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
