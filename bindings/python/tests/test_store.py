"""Stores: sources withdrawn, values grown stale, walks in shares."""
import datetime

import pytest

import kehu


def test_a_store_withdraws_a_source_leaves_out_stale_values_and_is_read_in_shares(tmp_path):
    day = datetime.timedelta(days=1)
    now = datetime.datetime(2024, 6, 1)
    with kehu.Store(tmp_path / "shop", mode="new") as store:
        store.declare("customers", "income", "int", age_limit_days=365)
        store.add_customers({"customer": ["a", "b"], "income": [1, 2], "valid_from": [now - 500 * day, now - day], "source": ["crm", "crm"]})
        store.add_customers({"customer": ["b"], "income": [3], "valid_from": [now], "source": ["bought list"]})
        store.add_events({"customer": [str(i % 50) for i in range(2000)], "time": [now + i * day / 24 for i in range(2000)], "amount": list(range(2000))})
        assert store.snapshot().customers()["income"].to_list() == [1, 3]
        assert store.snapshot().customers(fresh=now)["income"].to_list() == [None, 3]
        store.withdraw("bought list")
        snapshot = store.snapshot()
        assert snapshot.customers()["income"].to_list() == [1, 2] and snapshot.stats.withdrawn_sources == 1
        proof = store.purge()
        assert (proof.sources, proof.customer_rows, proof.rows_left) == (1, 1, 0)
        whole = snapshot.events()["amount"].to_list()
        shares = [snapshot.events(share=i, n_shares=3)["amount"].to_list() for i in range(3)]
        assert shares[0] + shares[1] + shares[2] == whole and all(shares)
        assert snapshot.totals(n_threads=2).to_dict() == snapshot.totals().to_dict()


def test_small_groups_are_hidden_files_are_imported_once_and_damage_is_repaired(tmp_path):
    lines = b"customer,time,kind,amount\n" + b"".join(b"c%d,2024-01-0%d,%s,%d\n" % (i, 1 + i % 9, b"buy" if i % 4 else b"call", i) for i in range(20))

    def opened():
        return kehu.Csv(lines, fields={"time": "time", "amount": "int"})

    with kehu.Store(tmp_path / "shop", mode="new") as store:
        assert store.import_csv("events", opened(), duplicates="skip") == 20
        assert store.import_csv("events", opened(), duplicates="skip") == 0
        with pytest.raises(kehu.KehuDuplicateError, match="20 rows"):
            store.import_csv("events", opened(), duplicates="refuse")
        snapshot = store.snapshot()
        assert snapshot.groups("events", "kind").to_dict() == {"group": ["buy", "call"], "customers": [15, 5], "events": [15, 5], "amount": [150, 40]}
        assert snapshot.groups("events", "kind", min_customers=6, end=datetime.date(2024, 2, 1))["group"].to_list() == [None]
    with kehu.Store(tmp_path / "more", mode="new") as store:
        assert [store.import_csv("events", opened(), resume="shop.csv") for _ in range(2)] == [20, 0]
    assert len(kehu.Store.repair(tmp_path / "shop", tmp_path / "sound")) == 0
    segment = next((tmp_path / "shop").glob("seg-*.ks"))
    segment.write_bytes(segment.read_bytes()[:70] + b"?" + segment.read_bytes()[71:])
    with pytest.raises(kehu.KehuFormatError):
        kehu.Snapshot.open(tmp_path / "shop").check()
    lost = kehu.Store.repair(tmp_path / "shop", tmp_path / "repaired").to_dict()
    assert lost["rows"] == [20] and lost["first_customer"] == ["c0"] and lost["file"] == [segment.name]
    assert len(kehu.Snapshot.open(tmp_path / "repaired").events()) == 0
