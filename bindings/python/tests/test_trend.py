"""Trends, change points and bursts through Python."""
import datetime

import pytest

import kehu

FIRST = datetime.date(2024, 1, 1)


def test_trends():
    day = lambda d: FIRST + datetime.timedelta(d)
    days = [day(d) for d in range(200) for _ in range(4 if d < 120 else 12)]
    groups = ["账单"] * len(days)
    given = {"first": FIRST, "last": day(199)}
    changes = kehu.trends("changes", [*days, day(3)], [*groups, "网络"], **given)
    assert changes["group"].to_list() == ["账单"] and changes["day"].to_list() == [day(120)]
    levels = kehu.trends("levels", days, groups, **given).to_dict()
    assert levels["changes"] == [1] and abs(levels["level"][0] - 12) < 0.1 and levels["growth_low"][0] > 0
    assert len(kehu.trends("changes", days, change_penalty=10000, **given)) == 0
    steady = [day(d) for d in range(200) for _ in range(4)]
    weeks = kehu.trends("bursts", steady + [day(150)] * 90, step_days=7, base_steps=8, shortest=2, false_alarms_per_year=1, **given)
    assert weeks["first"].to_list() == [day(147)] and weeks["last"].to_list() == [day(153)]
    with pytest.raises(kehu.KehuEmptyError):
        kehu.trends("levels", days, first=FIRST, last=FIRST)
    with pytest.raises(kehu.KehuArgumentError, match="base_steps is 7"):
        kehu.trends("levels", days, base_steps=7, **given)
