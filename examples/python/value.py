# %% [markdown]
# # Who buys, how much, and who is still a customer
#
# A year of purchases: recency, frequency and money, segments by a rule table, and lifetime value.

# %%
import datetime

import kehu
import matplotlib.pyplot as plt
from sample import purchases

rows = purchases(1500)
as_of = datetime.date(2026, 1, 1)
table = kehu.rfm_table(rows["customer"], rows["day"], rows["amount"], as_of=as_of)
table

# %% [markdown]
# ## Segments
#
# The built-in rule table is a text: copy it, edit it, pass it as `rules`.

# %%
print("\n".join(kehu.Segments.builtin("rfm_grid").text.splitlines()[:6]))

# %%
counts, money = {}, {}
for segment, spend in zip(table["segment"], table["spend"]):
    counts[segment] = counts.get(segment, 0) + 1
    money[segment] = money.get(segment, 0) + spend / 100_000
names = sorted(counts, key=counts.get)
figure, axes = plt.subplots(1, 2, figsize=(9, 3), sharey=True, dpi=60)
for axis, values, title in zip(axes, (counts, money), ("customers", "money, thousands")):
    axis.barh(names, [values[name] for name in names], color="#2b6cb0")
    axis.set_title(title)
figure.tight_layout()
plt.show()

# %% [markdown]
# Why has one customer these grades?

# %%
customers = kehu.Table({name: table[name] for name in ("recency_days", "orders", "spend")})
rfm = kehu.Rfm.fit(customers)
rfm.explain(recency_days=40, orders=6, spend=90000)

# %% [markdown]
# ## Lifetime value
#
# BG/NBD says who is still a customer and how often they will buy, Gamma-Gamma what a purchase brings.

# %%
base = kehu.ClvBase(as_of)
base.add(rows["customer"], rows["day"], rows["amount"])
people = base.finish()
buying = kehu.Clv.fit(people, model="bg_nbd")
spending = kehu.Clv.fit(people, model="gamma_gamma")
{name: round(value, 2) for name, value in buying.info.parameters.items()}

# %%
alive = buying.alive(people)
value = buying.value(spending, people, horizon=52)
figure, axis = plt.subplots(figsize=(6, 3), dpi=60)
axis.scatter(list(alive), [v / 100 for v in value], s=4, color="#2b6cb0")
axis.set_xlabel("probability of still being a customer")
axis.set_ylabel("expected money, next 52 weeks")
figure.tight_layout()
plt.show()

# %%
best = sorted(zip(value, people["customer"], alive), reverse=True)[:5]
[(customer, round(p, 2), round(v / 100)) for v, customer, p in best]
