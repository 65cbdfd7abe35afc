# %% [markdown]
# # Which channel suits whom
#
# For three customers in four the channel they prefer has been observed. Experience (rules that people write) and a
# probability tree (learned) are fused, and say it for the others too: a probability, and one of five levels.

# %%
import kehu
from sample import customers

people = kehu.Table(customers(800))
columns = {name: people[name] for name in ("age", "plan", "app_days", "hall_visits")}
people

# %% [markdown]
# The rules read the days on which a customer opened the app. The tree learns from the other columns, so that it finds the
# customers whom the rules say nothing about.

# %%
rules = """
app  +2: app_days > 20
hall +2: app_days < 3
"""
model = kehu.Preference.train(columns, people["channel"], rules=rules)
model

# %%
scored = model.score(columns)
scored

# %% [markdown]
# How many customers are in each level, and how often they turned out to be right.

# %%
model.report(columns, people["channel"])

# %% [markdown]
# ## Why
#
# For one customer: the rules that fired and the path through the tree.

# %%
model.fired(columns, 2)

# %%
model.tree.explain(columns, 2)

# %% [markdown]
# For all: the tree as rules, and the columns that matter.

# %%
print(model.tree.write_rules())

# %%
{name: round(part, 3) for name, part in model.tree.importance().items()}

# %% [markdown]
# ## Later
#
# Has the population moved? Below 0.1 it has not.

# %%
later = kehu.Table(customers(800, seed=9))
drift = model.tree.drift({name: later[name] for name in columns})
{name: round(psi, 3) for name, psi in drift.features.items()}
