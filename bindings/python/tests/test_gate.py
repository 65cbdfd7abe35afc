"""The spam gate through Python."""
import pytest

import kehu

TEXTS = [f"明天{i}点开会" for i in range(100)] + [f"免费中奖{i}元" for i in range(100)]
LABELS = ["ham"] * 100 + ["spam"] * 100


def test_gate():
    gate = kehu.Gate.train(TEXTS, LABELS, good="ham", recall=0.9, spam_weight=2, cost=1)
    assert (gate.info.n_good, gate.info.n_spam, gate.info.recall) == (100, 100, 0.9) and gate.info.passed >= 0.9
    assert gate.svm.classes == ("ham", "spam")
    found = [kehu.Gate.train(TEXTS, LABELS, good="ham", cost=1, n_threads=n).write() for n in (1, 2)]
    assert found[0] == found[1]
    held = kehu.Gate.read(found[0]).hold(TEXTS + [None])
    assert held["row"].to_list() == list(range(100, 200)) and all(t in "免费中奖" for t in held["term"].to_list())
    for wrong, kind, message in [
            (lambda: kehu.Gate.train(TEXTS, LABELS, good="good"), kehu.KehuNotFoundError, "no label is good"),
            (lambda: kehu.Gate.train(TEXTS, ["ham"] * 200, good="ham"), kehu.KehuOneClassError, "all labels are ham"),
            (lambda: kehu.Gate.train(TEXTS, LABELS[:-1] + ["x"], good="ham"), kehu.KehuDataError, "row 199 has a third label"),
            (lambda: kehu.Gate.train(TEXTS, LABELS, good="ham", recall=0.999), kehu.KehuEmptyError, "cannot tell a recall of 0.999"),
            (lambda: kehu.Gate.train(TEXTS, LABELS, good="ham", n_folds=21), kehu.KehuArgumentError, "n_folds is 21")]:
        with pytest.raises(kind, match=message):
            wrong()
