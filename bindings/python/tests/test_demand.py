"""Demands are followed, and what is wrong with them is said."""
import datetime
import pickle

import pytest

import kehu


def test_demands():
    machine = kehu.DemandMachine.read("登记: open -> 答复\n答复: replied, final\n")
    assert machine.names == ("登记", "答复") and machine.marks("答复") == ("replied", "final") and machine.text.startswith("登记")
    assert machine.allows("登记", "答复") and not machine.allows("答复", "登记")
    with pytest.raises(kehu.KehuFormatError, match="line 1: the status a is dead") as e:
        kehu.DemandMachine.read("a: open -> b\nb: open -> a")
    assert e.value.where == 0
    hour = lambda h: datetime.datetime(2024, 5, 1, h)
    one, two = kehu.Demands(machine=machine, day_offset_minutes=480), kehu.Demands(machine=machine.text, day_offset_minutes=480, n_threads=2)
    one.add(["d1", "d2"], [hour(1), hour(2)], ["登记", "登记"], customer=["x", "y"], channel=["热线", "web"])
    two.add(demand=["d1", "d3", None], time=[hour(5), hour(4), hour(4)], status=["答复", "答复", "登记"])
    one.merge(two)
    with pytest.raises(kehu.KehuArgumentError, match="finish has not been called"):
        one.table("counts")
    one.finish(hour(8), period="month", reply_within_hours=3)
    assert one.counts.to_dict() == {"rows": 5, "later": 0, "refused": 2, "demands": 2, "open": 1, "customers": 2, "repeats": 0}
    assert one.table("times")["reply_median_s"].to_list()[0] == 4 * 3600
    assert one.table("overdue").to_dict()["late_s"] == [3 * 3600]
    assert one.table("refused").to_dict() == {"row": [3, 4], "demand": ["d3", None], "status": ["答复", None], "after": [None, None],
                                              "reason": ["before the intake", "no demand"]}
    assert one.table("ageing")["demand"].to_list() == ["d2"] and one.table("customers")["open"].to_list() == [0, 1]
    assert one.table("classes")["customers"].to_list() == [2] and len(one.table("counts")) == 2
    with pytest.raises(kehu.KehuColumnError, match="demand is INT64, but was text before"):
        one.add([1], [hour(1)], ["登记"])
    with pytest.raises(kehu.KehuBusyError):
        one.merge(one)
    with pytest.raises(kehu.KehuArgumentError, match="report is 'all'"):
        one.table("all")


def test_a_log_is_kept_and_goes_on(tmp_path):
    log = kehu.Demands(day_offset_minutes=480)
    log.add(["d1", "d2"], [datetime.date(2024, 5, 1)] * 2, ["new", "lost"], customer=["x", "y"])
    log.save(tmp_path / "log")
    for again in kehu.Demands.load(tmp_path / "log"), kehu.Demands.read(log.write()), pickle.loads(pickle.dumps(log)):
        assert again.write() == log.write() == (tmp_path / "log").read_bytes()
        again.add(["d1"], [datetime.date(2024, 5, 2)], ["closed"])
        again.finish(datetime.date(2024, 5, 9))
        assert again.counts.to_dict() == {"rows": 3, "later": 0, "refused": 1, "demands": 1, "open": 0, "customers": 1, "repeats": 0}
        both = kehu.Demands(day_offset_minutes=480, n_threads=2)
        both.merge(again)
        both.finish(datetime.date(2024, 5, 9))
        assert both.counts == again.counts
    with pytest.raises(kehu.KehuFormatError):
        kehu.Demands.read(log.write()[:-1])
    with pytest.raises(kehu.KehuNotFoundError):
        kehu.Demands.load(tmp_path / "nowhere")


def test_needs():
    texts, classes = ["没信号，打不通", "没信号", "网速太慢", "要是能按天算", None], ["net", "net", "net", "bill", "bill"]
    found = kehu.needs_find("classes", texts, classes, n_words=1, n_threads=2)
    assert found.to_dict() == {
        "class": ["bill", "net"], "texts": [2, 3], "basic": [0, 2], "expected": [0, 1], "latent": [1, 0], "none": [1, 0],
        "basic_share": [0.0, 2 / 3], "expected_share": [0.0, 1 / 3], "latent_share": [1.0, 0.0], "need": ["latent", "basic"],
        "basic_words": ["", "没信号:2"], "expected_words": ["", "太慢:1"], "latent_words": ["要是:1", ""]}
    mine = kehu.Keyword.read_text("basic\t要是\t7\n")
    assert kehu.needs_find("texts", texts, words=mine).to_dict()["words"] == [None, None, None, "要是:7", None]
    assert kehu.needs_words().write_text().startswith("@format")
    with pytest.raises(kehu.KehuNotFoundError, match="none of the classes basic, expected and latent"):
        kehu.needs_find("texts", texts, words=kehu.Keyword.read_text("a\tb\t7\n"))
