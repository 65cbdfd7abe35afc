"""scikit-learn's NMF on the rows that bench_topics wrote: CPU seconds, and the first words of each topic.

    peer_topics.py ROWS TOPICS WORDS_OUT
"""
import sys
import time

from scipy.sparse import csr_matrix
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfVectorizer

path, k, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(path, encoding="utf-8") as f:
    texts = [line.rstrip("\n").split("\t") for line in f]
vectorizer = TfidfVectorizer(analyzer=lambda words: words, min_df=5, max_df=0.5, max_features=20000, dtype="float32")
rows = csr_matrix(vectorizer.fit_transform([[w for w in words if w] for words in texts]))
names = vectorizer.get_feature_names_out()
NMF(n_components=2, max_iter=2, init="nndsvda").fit(rows[:100])
start = time.process_time()
model = NMF(n_components=k).fit(rows)
print("figure fit_s", time.process_time() - start)
with open(out, "w", encoding="utf-8") as f:
    for topic in model.components_:
        f.write("\t".join(names[i] for i in topic.argsort()[::-1][:10]) + "\n")
