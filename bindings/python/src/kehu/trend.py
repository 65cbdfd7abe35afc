"""How events of each group go on: level, growth, change points and bursts with their dates (kehu/trend.h).

>>> import datetime, kehu
>>> first = datetime.date(2024, 1, 1)
>>> days = [first + datetime.timedelta(d) for d in range(200) for _ in range(30 if d in (150, 151) else 5)]
>>> found = kehu.trends("bursts", days, first=first, last=first + datetime.timedelta(199))
>>> found["first"].to_list(), found["last"].to_list(), found["events"].to_list()
([datetime.date(2024, 5, 30)], [datetime.date(2024, 5, 31)], [60])
"""
from __future__ import annotations

from ctypes import byref, c_void_p

from . import _abi
from ._call import call, choose, options
from ._columns import column, texts
from ._library import lib
from .rfm import day_number
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date
    from typing import Any

REPORTS = ("levels", "changes", "bursts")


def trends(report: str, time: Any, group: Any = None, *, first: date | int, last: date | int, day_offset_minutes: int = 0,
           step_days: int = 0, shortest: int = 0, base_steps: int = 0, change_penalty: float = 0, false_alarms_per_year: float = 0) -> Table:
    """One report on events counted per group and step of days.

    report       "levels" (level, growth in 30 days with its 95 % interval, change points so far), "changes" (day, level
                 before and after) or "bursts" (first and last day, events, how many were expected)
    time         dates or times of the events
    group        their class, channel, ...; None: all are one group
    first, last  the days that count
    step_days    days a step; 0: 1
    shortest     steps between change points, at least; 0: 7
    base_steps   steps that say what to expect; 0: 56
    change_penalty         what a change point costs; 0: 15, which gives less than 2 in 100 years without a change one
    false_alarms_per_year  bursts a year in a group that has none; 0: 0.1"""
    opt = options(_abi.kehu_trend_options, day_offset_minutes=day_offset_minutes, step_days=step_days, shortest=shortest,
                  base_steps=base_steps, change_penalty=change_penalty, false_alarms_per_year=false_alarms_per_year)
    times, groups, out = column(time, "time"), None if group is None else texts(group, "group"), c_void_p()
    call(lib.kehu_trends_find, byref(out), choose(report, "report", REPORTS), groups and groups.struct, times.struct,
         day_number(first, "first"), day_number(last, "last"), opt)
    return Table._adopt(out)
