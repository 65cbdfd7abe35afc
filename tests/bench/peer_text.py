"""scikit-learn's and fastText's way from raw texts to a model and to labels: peer_text.py TRAIN TEST PEER.

Files are label<TAB>text, UTF-8. One thread. Figures: train_s, predict_s, accuracy, macro_f1.
"""
import os
import sys
import tempfile

from peer import figure, timed


def rows(path):
    with open(path, encoding="utf-8") as lines:
        pairs = [line.rstrip("\n").split("\t", 1) for line in lines]
    return [text for _, text in pairs], [label for label, _ in pairs]


def score(truth, found):
    from sklearn.metrics import accuracy_score, f1_score
    figure("accuracy", 100 * accuracy_score(truth, found))
    figure("macro_f1", 100 * f1_score(truth, found, average="macro"))


def sklearn_peer(train, test):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC
    texts, labels = rows(train)
    more, truth = rows(test)

    def fit():
        return make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True), LinearSVC(C=0.5)).fit(texts, labels)

    model = timed("train_s", fit, warm=False)
    score(truth, timed("predict_s", lambda: model.predict(more)))


def fasttext_peer(train, test):
    import fasttext
    texts, labels = rows(train)
    more, truth = rows(test)

    def characters(text):  # given, as fastText splits at blanks only
        return " ".join(text.replace(" ", "_"))

    names = sorted(set(labels))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as f:
        for text, label in zip(texts, labels):
            f.write(f"__label__{names.index(label)} {characters(text)}\n")
    model = timed("train_s", lambda: fasttext.train_supervised(f.name, lr=0.5, epoch=20, dim=40, wordNgrams=2, bucket=200000, thread=1, verbose=0), warm=False)
    os.unlink(f.name)
    ready = [characters(text) for text in more]
    # One call a text: its batch call needs an older numpy.
    found = timed("predict_s", lambda: [model.f.predict(text + "\n", 1, 0.0, "strict")[0][1] for text in ready])
    score(truth, [names[int(label[9:])] for label in found])


{"sklearn": sklearn_peer, "fasttext": fasttext_peer}[sys.argv[3]](sys.argv[1], sys.argv[2])
