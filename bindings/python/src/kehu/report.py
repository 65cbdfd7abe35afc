"""The report page: one file that opens anywhere, with charts and a table beside each, in Chinese and English.

The released wheels have the page's template; `sh examples/report/build.sh FOLDER` of the source tree makes it (npm brings the
charts). The data is the report.json of the main job, which examples/report/report.schema.json describes.
"""
from __future__ import annotations

import os

from . import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PLACE = "@REPORT@"
_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "template.html")


class Page:
    """A report as HTML. A notebook shows it in a frame of its own."""

    def __init__(self, html: str) -> None:
        self.html = html

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it into a file, which appears whole or not at all."""
        part = f"{os.fspath(path)}.part"
        with open(part, "w", encoding="utf-8", newline="\n") as f:
            f.write(self.html)
        os.replace(part, path)

    def __repr__(self) -> str:
        return f"<Page of {len(self.html)} characters>"

    def _repr_html_(self) -> str:
        from ._show import escape
        return f'<iframe srcdoc="{escape(self.html)}" title="kehu" style="width:100%;height:800px;border:0"></iframe>'


def report(data: Any, page: str | os.PathLike[str] | None = None) -> Page:
    """Put a report's data into the page.

    data  the path of a report.json, or the same as a dict
    page  the path of the template, template.html; None: the one in this package

    Fails with KehuFormatError (no template, no JSON object), FileNotFoundError."""
    import json
    if page is None:
        page = _PAGE
        if not os.path.exists(page):
            raise errors.KehuNotFoundError("this build of kehu has no page; `sh examples/report/build.sh FOLDER` makes FOLDER/template.html")
    with open(page, encoding="utf-8") as f:
        template = f.read()
    if _PLACE not in template:
        raise errors.KehuFormatError(f"{os.fspath(page)} has no place for the report")
    if isinstance(data, dict):
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"
    else:
        with open(data, encoding="utf-8", newline="") as f:
            text = f.read()
        try:
            found = json.loads(text)
        except ValueError as e:
            raise errors.KehuFormatError(f"{os.fspath(data)} is no JSON: {e}") from None
        if not isinstance(found, dict):
            raise errors.KehuFormatError(f"{os.fspath(data)} has no object")
    # Inside a script element, which "</script" would end; in JSON the character stands in strings only.
    return Page(template.replace(_PLACE, text.replace("<", "\\u003c"), 1))
