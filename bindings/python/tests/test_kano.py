"""Kano's table and sums."""
import pytest

import kehu


def test_kano():
    found = kehu.kano_sum(["套餐"] * 4 + ["app"], [1, 1, 3, None, 5], [5, 5, 5, 5, 1]).to_dict()
    assert found["feature"] == ["app", "套餐"] and found["answers"] == [1, 3] and found["one_dimensional"] == [0, 2]
    assert found["kind"] == ["reverse", "one-dimensional"] and found["need"] == [None, "expected"]
    assert found["better"] == [None, 2 / 3] and found["worse"] == [None, -1]
    letters = {"must-be": "M", "one-dimensional": "O", "attractive": "A", "indifferent": "I", "reverse": "R", "questionable": "Q"}
    rows = ["".join(letters[kehu.kano_classify(f, d)] for d in range(1, 6)) for f in range(1, 6)]
    assert rows == ["QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ"]
    assert [kehu.kano_need(*p) for p in ((3, 5), (1, 5), (1, 2), (2, 2))] == ["basic", "expected", "latent", None]
    with pytest.raises(ValueError, match="expected 1 to 5"):
        kehu.kano_classify(0, 1)
    with pytest.raises(kehu.KehuRangeError) as e:
        kehu.kano_sum(["x", "x"], [1, 6], [1, 1])
    assert e.value.where == 1
