"""Features of customers' events through Python."""
import datetime
import math

import pytest

import kehu

FIRST = datetime.date(2024, 1, 1)
LAST = datetime.date(2024, 1, 10)


def test_features():
    utc = datetime.timezone.utc
    at = lambda day, hour: datetime.datetime(2024, 1, day, hour, tzinfo=utc)
    given = (["甲", "甲", "乙", "甲"], ["网厅", "网厅", "热线", "热线"], [at(6, 3), at(7, 15), at(9, 20), at(10, 9)])
    found = kehu.features_find(*given, [10, 20, 5, 10], ["c1", "c2", None, "c1"], first=FIRST, last=LAST)
    assert found["customer"].to_list() == sorted(["甲", "乙"], key=lambda name: name.encode())
    row = {r["customer"]: r for r in found.rows()}["甲"]
    assert row["events"] == 3 and row["amount"] == 40 and row["网厅_events"] == 2 and row["网厅_share"] == 0.75
    assert math.isclose(row["entropy"], -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
    assert row["night_share"] == row["morning_share"] == row["afternoon_share"] == 1 / 3 and row["evening_share"] == 0
    assert row["weekend_share"] == 2 / 3 and row["active_days"] == 3 and row["recency_days"] == 0 and row["trend"] == 1
    assert row["places"] == 2 and row["moves"] == 2
    later = kehu.features_find(*given, first=FIRST, last=LAST, day_offset_minutes=480)
    assert "amount" not in later.to_dict() and "places" not in later.to_dict()
    assert {r["customer"]: r["evening_share"] for r in later.rows()} == {"甲": 1 / 3, "乙": 0}
    numbers = kehu.features_find([2, 1], ["a", "a"], [FIRST, LAST], first=FIRST, last=LAST)
    assert numbers["customer"].to_list() == [1, 2] and "night_share" not in numbers.to_dict()
    chosen = kehu.features_find([2, 1, 2], ["b", "a", "a"], [FIRST] * 3, first=FIRST, last=LAST, items=["c", "a"])
    assert chosen["customer"].to_list() == [1, 2] and chosen["c_events"].to_list() == [0, 0] and chosen["a_share"].to_list() == [1, 1]
    assert len(kehu.features_find(["a"], ["b"], [FIRST], first=LAST, last=LAST)) == 0


def test_features_bad_input():
    with pytest.raises(kehu.KehuDataError, match="amount of row 0 is -1") as caught:
        kehu.features_find(["a"], ["app"], [FIRST], [-1], first=FIRST, last=LAST)
    assert caught.value.where == 0
    with pytest.raises(kehu.KehuDuplicateError, match="weekend_share"):
        kehu.features_find(["a"], ["weekend"], [FIRST], first=FIRST, last=LAST)
    with pytest.raises(kehu.KehuDuplicateError, match="item 1 is item 0 again"):
        kehu.features_find(["a"], ["app"], [FIRST], first=FIRST, last=LAST, items=["app", "app"])
    with pytest.raises(kehu.KehuArgumentError, match="to_day"):
        kehu.features_find(["a"], ["app"], [FIRST], first=LAST, last=FIRST)
    with pytest.raises(kehu.KehuArgumentError, match="item has 2 rows"):
        kehu.features_find(["a"], ["app", "hall"], [FIRST], first=FIRST, last=LAST)
