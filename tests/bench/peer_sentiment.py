"""Polarity of a test file by kehu or SnowNLP: peer_sentiment.py WHO TRAIN TEST, files of lines with label and text.

Figures of both: score_s, scoring TEST. Of kehu: svm, the accuracy with the SVM, and words_200, by the list of 200 words
alone. Of SnowNLP: shipped, the accuracy of the model that comes with the package, and retrained, of one trained on TRAIN.
"""
import sys

from peer import figure, timed


def read(path):
    with open(path, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t", 1) for line in f]
    return [text for _, text in rows], [label == "pos" for label, _ in rows]


def accuracy(found, labels):
    return sum(a == b for a, b in zip(found, labels)) / len(labels)


def with_kehu(texts, labels, new_texts, new_labels):
    import kehu
    model = kehu.Sentiment.train(texts, ["pos" if label else "neg" for label in labels], positive="pos")

    def score(words_only):
        return [p >= 0 for p in model.score(new_texts, words_only=words_only)["polarity"].to_list()]

    figure("svm", accuracy(timed("score_s", lambda: score(False)), new_labels))
    figure("words_200", accuracy(score(True), new_labels))


def with_snownlp(texts, labels, new_texts, new_labels):
    from snownlp import sentiment

    def score(model):
        return [model.classify(text) >= 0.5 for text in new_texts]

    figure("shipped", accuracy(timed("score_s", lambda: score(sentiment.classifier), warm=False), new_labels))
    model = sentiment.Sentiment()
    model.train([t for t, label in zip(texts, labels) if not label], [t for t, label in zip(texts, labels) if label])
    figure("retrained", accuracy(score(model), new_labels))


{"kehu": with_kehu, "snownlp": with_snownlp}[sys.argv[1]](*read(sys.argv[2]), *read(sys.argv[3]))
