"""What the explanations of texts share: class names to numbers, places in bytes to places in characters."""
from __future__ import annotations

from .results import Part, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def class_number(names: tuple[str, ...], name: str | None) -> int:
    """The number of a class, -1 for None."""
    if name is None:
        return -1
    if name not in names:
        raise KeyError(f"no class {name!r}, there are {', '.join(map(repr, names[:20]))}")
    return names.index(name)


def characters(data: bytes, places: Any) -> list[int]:
    """Byte offsets into UTF-8 as characters."""
    at: dict[int, int] = {}
    last = count = 0
    for place in sorted(set(places)):
        count += len(data[last:place].decode("utf-8", "replace"))
        at[place], last = count, place
    return [at[place] for place in places]


def places(data: bytes, reasons: Any) -> list[Part]:
    """The columns term, start and end of reasons that have start and end in bytes."""
    terms = [data[r.start:r.end].decode("utf-8", "replace") for r in reasons]
    return [Part("term", "text", terms), numbers("start", "q", characters(data, [r.start for r in reasons])),
            numbers("end", "q", characters(data, [r.end for r in reasons]))]
