# %% [markdown]
# # Data frames in and out
#
# Anything that speaks Arrow goes in without copies, and every result comes out the same way: polars, DuckDB, pandas,
# pyarrow. None is needed by kehu itself.

# %%
import datetime

import duckdb
import kehu
import polars as pl
from sample import demands, purchases

# %% [markdown]
# ## polars

# %%
texts, classes = demands(300)
frame = pl.DataFrame({"text": texts, "class": classes})
model = kehu.Svm.train(frame["text"], frame["class"])
answers = pl.DataFrame(model.predict(frame["text"]))
frame.with_columns(answer=answers["class"]).rows()[:3]

# %% [markdown]
# ## DuckDB
#
# A relation goes in, a result is a table that SQL sees by its Python name.

# %%
sales = pl.DataFrame(purchases(500))
relation = duckdb.sql("select customer, day, amount from sales where amount > 1000")
table = kehu.Table(relation)
found = kehu.rfm_table(table["customer"], table["day"], table["amount"], as_of=datetime.date(2026, 1, 1))

# %%
duckdb.sql("""
    select segment, count(*) as customers, cast(sum(spend) // 100 as bigint) as money
    from found group by segment order by money desc limit 5
""").fetchall()

# %% [markdown]
# And back: what SQL makes of a result goes into kehu as it is. Here those who spend most are graded anew, among themselves.

# %%
chosen = kehu.Table(duckdb.sql("from found where M >= 4 order by customer"))
kehu.Rfm.fit(chosen, levels=2).grade(chosen)["M"].to_list()[:10]

# %% [markdown]
# ## pandas, numpy

# %%
found.to_pandas().groupby("segment", observed=True)["orders"].mean().round(2).to_dict()

# %%
found["spend"].to_numpy()[:5].tolist()

# %% [markdown]
# Without any of them: lists and dicts.

# %%
kehu.Table({"customer": ["a", "b"], "amount": [1990, None]}).to_dict()
