"""What to do first, through Python."""
import pytest

import kehu


def test_priority():
    weights = kehu.Priority.builtin()
    assert weights.weights == {"volume": 3, "growth": 2, "negative_share": 2, "customer_value": 1} and weights.text.startswith("# input")
    values = {"volume": [1, 5, 5], "growth": [None, 0.1, 0.2], "negative_share": [0.5, 0.5, 0.5], "customer_value": [0, 0, 9]}
    ranked = weights.rank(["资费", "网络", "套餐"], {**values, "other": ["a", "b", "c"]}).to_dict()
    assert ranked["group"] == ["套餐", "网络", "资费"] and ranked["rank"] == [1, 2, 3]
    assert ranked["growth"] == [0.2, 0.1, None] and ranked["growth_share"] == [1, 0.5, 0]
    assert abs(ranked["score"][0] - (3 * 0.75 + 2 + 2 * 0.5 + 1) / 8) < 1e-12
    with pytest.raises(kehu.KehuColumnError, match="no column growth"):
        weights.rank(["a"], {"volume": [1]})
    with pytest.raises(kehu.KehuFormatError, match="line 2: expected an input") as e:
        kehu.Priority.read("a: 1\nb")
    assert e.value.where == 1
