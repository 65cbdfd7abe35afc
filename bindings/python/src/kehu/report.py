"""The report page: one file that opens anywhere, with charts and a table beside each, in Chinese and English.

The released wheels have the page's template; `sh examples/report/build.sh FOLDER` of the source tree makes it (npm brings the
charts). The data is the report.json of the main job, which examples/report/report.schema.json describes; or the main job is
run, on CSV files of customers, events and demands.
"""
from __future__ import annotations

import os

from . import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from typing import Any

_PLACE = "@REPORT@"
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "template.html")


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


def report(data: Any = None, page: str | os.PathLike[str] | None = None, *, customers: str | os.PathLike[str] | None = None,
           events: str | os.PathLike[str] | None = None, demands: str | os.PathLike[str] | None = None,
           as_of: datetime.date | None = None, out: str | os.PathLike[str] | None = None,
           vocabulary: str | os.PathLike[str] | None = None, target: str | None = None, redact: bool = False, n_folds: int = 5,
           n_threads: int = 2, progress: Any = None, statuses: str | os.PathLike[str] | None = None,
           answers: str | os.PathLike[str] | None = None, machine: str | os.PathLike[str] | None = None,
           weights: str | os.PathLike[str] | None = None, sentiment: str | os.PathLike[str] | None = None,
           needs: str | os.PathLike[str] | None = None, spam: str | None = None) -> Page:
    """The page of a report that is there (data), or of the main job on CSV files.

    data        the path of a report.json, or the same as a dict
    page        the path of the template, template.html; None: the one in this package
    customers   CSV with customer_id and any other columns; an "occupation" known for some is inferred for the others
    events      CSV with customer_id, time, kind (purchase, recharge, contact or usage), and where there is one event_id,
                channel, item (of a usage: the content; of a contact: "complain"), amount, quantity
    demands     CSV with demand_id, customer_id, time, text, and channel, class (the label); None: no texts
    as_of       "today"; later rows are rejected
    out         folder for the results: report.html, report.json, CSV files of each text's class, of the demands together
                (where they stand, needs, topics, trends, what to do first) and of each customer's preferences, value, profile and target lists, rejects.csv, the store; None: the page alone is wanted
    vocabulary  CSV of column,value: all allowed channels, contents and classes
    target      column of the customers: the risk that it is "yes" is scored
    redact      True: phones, cards, e-mail and postal addresses are taken out of the texts before they are stored
    n_folds     of the cross-validation, 2 to 20
    n_threads   1 to 64; the result is the same for any number
    statuses    CSV with demand_id, customer_id, time, status: what became of the demands
    answers     CSV with customer_id, time, feature, functional, dysfunctional: Kano's questionnaire
    machine     text file: which status may follow which; None: DemandMachine.builtin()
    weights     text file: what makes a class urgent; None: Priority.builtin()
    sentiment   word list of tone (Keyword.save_text()); None: tone is not looked at
    needs       word list of needs; None: needs_words()
    spam        class of the demands that are held back from all but the counts; None: there is none
    progress    called with (done from 0 to 1, stage), or a tqdm bar; an exception in it stops the job

    Fails with KehuFormatError (no template, no JSON object), FileNotFoundError; of the main job with the error that its
    program tells of (KehuColumnError: a column is missing). Nothing is left in `out` then."""
    if (data is None) == (customers is None):
        raise errors.KehuArgumentError("report() takes data or customers, and not both")
    page = PAGE if page is None else page
    if page is PAGE and not os.path.exists(page):
        raise errors.KehuNotFoundError("this build of kehu has no page; `sh examples/report/build.sh FOLDER` makes FOLDER/template.html")
    if data is not None:
        return _page_of(data, page)
    from tempfile import TemporaryDirectory

    from ._job import run
    with TemporaryDirectory(prefix="kehu-") as scratch:
        folder = scratch if out is None else os.fspath(out)
        run({"customers": customers, "events": events, "demands": demands, "as_of": as_of, "out": folder, "vocabulary": vocabulary,
             "target": target, "page": page, "redact": "yes" if redact else None, "folds": n_folds, "threads": n_threads, "statuses": statuses,
             "answers": answers, "machine": machine, "weights": weights, "sentiment": sentiment, "needs": needs, "spam": spam}, progress)
        with open(os.path.join(folder, "report.html"), encoding="utf-8", newline="") as f:
            return Page(f.read())


def _page_of(data: Any, page: str | os.PathLike[str]) -> Page:
    import json
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
