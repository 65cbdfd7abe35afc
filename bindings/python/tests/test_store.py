"""Stores: sources withdrawn, values grown stale, walks in shares."""
import datetime

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
