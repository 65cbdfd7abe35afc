# %% [markdown]
# # What customers write, sorted into classes, with reasons
#
# 1,200 made-up demand texts of three classes, some of them vague, some labelled wrongly. Two classifiers learn from 800 and
# are compared on the other 400.

# %%
import kehu
from sample import demands

texts, classes = demands(1200)
train, test = slice(800), slice(800, None)
list(zip(texts[:4], classes))

# %% [markdown]
# ## A linear support vector machine over characters and words

# %%
svm = kehu.Svm.train(texts[train], classes[train])
svm

# %%
answers = svm.predict(texts[test], probabilities=True)
answers

# %% [markdown]
# Why? The terms of the text, the ones that speak loudest first.

# %%
svm.explain("家里宽带太慢了，话费也多", limit=6)

# %% [markdown]
# The classifier abstains rather than guess where it is told how sure it has to be.

# %%
svm.predict(["家里宽带太慢了", "你们的业务怎么回事"], abstain_below=0.8).labels

# %% [markdown]
# ## Keywords that people read and edit

# %%
keyword = kehu.Keyword.train(texts[train], classes[train], keywords_per_class=5)
print(keyword.write_text())

# %%
keyword.explain("手机信号老是掉线")

# %% [markdown]
# Somebody knows better: a word is added, and stays when the list is learned anew.

# %%
edited = kehu.Keyword.read_text(keyword.write_text() + "网络\t!基站\t60\n")
edited.predict(["楼下的基站拆了"]).labels

# %% [markdown]
# ## Which is better?
#
# McNemar's test looks at the texts on which exactly one of them is right.

# %%
truth = classes[test]
by_svm, by_keyword = answers.labels, keyword.predict(texts[test]).labels
for name, labels in (("svm", by_svm), ("keyword", by_keyword)):
    result = kehu.evaluate(truth, labels)
    print(f"{name:8} accuracy {result.accuracy:.3f}  macro-F1 {result.macro_f1:.3f}")
kehu.compare(truth, by_svm, by_keyword)

# %% [markdown]
# ## Kept for later
#
# A model is bytes: the same on every machine, checked in full when it is read.

# %%
again = kehu.Svm.read(svm.write())
again == svm
