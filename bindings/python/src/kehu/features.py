"""What customers' events say of them, a row a customer: counts, shares, variety, times, trend and places (kehu/features.h).

>>> import datetime, kehu
>>> first = datetime.date(2024, 1, 1)
>>> found = kehu.features_find(["b", "a", "b"], ["app", "hall", "hall"], [first] * 3, first=first, last=first)
>>> found["customer"].to_list(), found["entropy"].to_list(), found["hall_share"].to_list()
(['a', 'b'], [0.0, 1.0], [1.0, 0.5])
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from . import _abi
from ._call import call, options
from ._columns import column, texts
from ._library import lib
from .rfm import day_number
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Any


def features_find(customer: Any, item: Any, time: Any, amount: Any = None, place: Any = None, *, first: date | int, last: date | int,
                  items: Sequence[str] | None = None, day_offset_minutes: int = 0) -> Table:
    """Features of every customer with an event, input for preferences, trees, segments and rules.

    customer     texts or whole numbers
    item         what was used: a channel, a content, a kind of goods
    time         dates or times of the events
    amount       0, or numbers from 1e-100 to 1e100, such as minutes or money; None: each event counts 1
    place        such as a cell or a shop; None: none
    first, last  the days that count
    items        those that have columns, in this order, also where there is no event of them; events of others do not count
                 (of an empty list none do). None: all that come
    day_offset_minutes  how far the day and its hours are before UTC: 480 for China

    Columns: customer, events, amount (if given), entropy, divergence, night_share, morning_share, afternoon_share, evening_share
    (where time has hours), weekend_share, active_days, recency_days, trend, places and moves (if a place is given), and
    <item>_events and <item>_share for each item.

    Fails with KehuDataError (an amount that may not be), KehuDuplicateError (an item twice, or its column has another column's name),
    KehuLimitError (above 1024 items), KehuColumnError, KehuArgumentError."""
    opt = options(_abi.kehu_features_options, day_offset_minutes=day_offset_minutes)
    given = None if items is None else texts(list(items), "items")
    if given is not None:
        opt.items = given._as_parameter_
    who, what, times = column(customer, "customer"), texts(item, "item"), column(time, "time")
    amounts, places = None if amount is None else column(amount, "amount"), None if place is None else texts(place, "place")
    out = c_void_p()
    call(lib.kehu_features_find, byref(out), who.struct, what.struct, times.struct, amounts and amounts.struct, places and places.struct,
         day_number(first, "first"), day_number(last, "last"), opt)
    return Table._adopt(out)
