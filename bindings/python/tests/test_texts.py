"""What is found in piles of texts without labels: copies, new words, topics, summaries; and their tone."""
import pickle

import pytest

import kehu

COPIES = ["小区的宽带昨天又断网了，请尽快来修", "话费多扣了", "小区的宽带昨天又断网了，请尽快来修！", "", None]


def test_copies_are_folded():
    found = kehu.duplicate_fold(COPIES, n_threads=2)
    assert found.groups.to_list() == [0, 1, 0, -1, -1]
    assert found["volume"].to_list() == [2, 1] and found["forms"].to_list() == [2, 1]
    assert len(kehu.duplicate_fold(COPIES, similarity=1)) == 3
    assert len(kehu.duplicate_fold(COPIES, similarity=.99, shingle=1)) == 3
    assert len(kehu.duplicate_fold([])) == 0


def test_copies_with_wrong_options():
    with pytest.raises(kehu.KehuArgumentError, match="similarity is 2, expected 0.1 to 1"):
        kehu.duplicate_fold(COPIES, similarity=2)
    with pytest.raises(kehu.KehuColumnError):
        kehu.duplicate_fold([1, 2])
    with pytest.raises(ZeroDivisionError):
        kehu.duplicate_fold(COPIES, progress=lambda done, stage: 1 / 0)


def new_word_texts():
    return [f"{a}飞享{b}" for a in "我你他她要想办开买换" for b in "很好吗呢吧卡费号的了"]


def test_new_words_are_found():
    found = kehu.words_find(new_word_texts(), n_threads=2)
    assert found["word"].to_list() == ["飞享"] and found["count"].to_list() == [100]
    assert len(kehu.words_find(new_word_texts(), min_count=101)) == 0
    assert len(kehu.words_find(new_word_texts(), tokenizer=kehu.Tokenizer.read_words("飞享 1"))) == 0
    assert len(kehu.words_find(new_word_texts() * 2, min_entropy=9)) == 0
    assert len(kehu.words_find([], max_words=1, max_characters=2, min_cohesion=1, phrase_cohesion=1)) == 0


def test_new_words_with_wrong_options():
    with pytest.raises(kehu.KehuArgumentError, match="min_cohesion is -1, expected 0 or more"):
        kehu.words_find(["x"], min_cohesion=-1)
    with pytest.raises(ZeroDivisionError):
        kehu.words_find(["x"], progress=lambda done, stage: 1 / 0)


TOPIC_TEXTS = ["宽带 断网 网速", "网速 宽带", "断网 宽带", "扣费 话费 账单", "话费 账单", "扣费 话费", "账单"] * 2
TOPIC_WORDS = "宽带\n断网\n网速\n扣费\n话费\n账单\n"


def topics(**more):
    return kehu.Topics.fit(TOPIC_TEXTS, n_topics=2, min_df=2, tokenizer=kehu.Tokenizer.read_words(TOPIC_WORDS), **more)


def test_topics_are_found_and_kept(tmp_path):
    model = topics()
    assert len(model) == 2 and model.words(1, 1)["word"].to_list() == ["宽带"]
    info = model.info(0)
    assert info.n_texts == 8 and abs(info.share - 8 / 14) < .05 and len(info.examples) == 5 and TOPIC_TEXTS[info.examples[0]][0] in "扣话账"
    weights = model.weights(["断网", "x", None], n_threads=2)
    assert weights[0, 1] > .9 and weights[1] == [0, 0] == weights[2]
    model.save(tmp_path / "topics")
    again = kehu.Topics.load(tmp_path / "topics", kehu.Tokenizer.read_words(TOPIC_WORDS))
    assert again == model == pickle.loads(pickle.dumps(model)) == topics(n_threads=2)
    assert again.weights(TOPIC_TEXTS) == model.weights(TOPIC_TEXTS) and "Topics: 2" in repr(model)
    with pytest.raises(kehu.KehuArgumentError, match="needs the tokenizer of fingerprint"):
        kehu.Topics.read(model.write(), kehu.Tokenizer.read_words("x"))


def test_topics_with_wrong_options():
    with pytest.raises(kehu.KehuArgumentError, match="topic is 2, there are 2"):
        topics().info(2)
    with pytest.raises(IndexError):
        topics().words(-1)
    with pytest.raises(kehu.KehuEmptyError):
        topics(max_share=.01)
    with pytest.raises(kehu.KehuArgumentError, match="n_topics is 501, expected 1 to 500"):
        kehu.Topics.fit(TOPIC_TEXTS, n_topics=501)


PRAISE = [f"东西{'不' if i % 5 == 0 else '很'}{(['满意', '好用', '喜欢'] if i % 2 != (i % 5 == 0) else ['糟糕', '失望', '难用'])[i % 3]}，第{i % 7}次"
          for i in range(240)]
POLARITY = [["negative", "positive"][i % 2] for i in range(240)]


def test_sentiment_is_learned_and_kept(tmp_path):
    model = kehu.Sentiment.train(PRAISE, POLARITY, n_words=80, n_threads=2)
    for words_only in (False, True):
        found = model.score(PRAISE, words_only=words_only, n_threads=2)["polarity"].to_list()
        assert sum(p == (1 if label == "positive" else -1) for p, label in zip(found, POLARITY)) >= 235
    model.save(tmp_path / "s")
    assert kehu.Sentiment.load(tmp_path / "s") == model == kehu.Sentiment.train(PRAISE, POLARITY, n_words=80)
    edited = kehu.Keyword.read_text(model.words.write_text() + "negative\t!第\t100\n")
    assert "第" in kehu.Sentiment.from_words(edited).cues(PRAISE[0])["term"].to_list()
    assert "第" in kehu.Sentiment.train(PRAISE, POLARITY, words=edited).words.words
    only = kehu.Sentiment.train(PRAISE, ["good" if p == "positive" else "bad" for p in POLARITY], positive="good", words_only=True)
    assert only.score(PRAISE[:2])["polarity"].to_list() == [-1, 1] and "Sentiment of" in repr(only)


def test_sentiment_with_wrong_options():
    with pytest.raises(kehu.KehuDataError, match="expected two, one of them the positive one"):
        kehu.Sentiment.train(PRAISE, POLARITY, positive="good")
    with pytest.raises(kehu.KehuNotFoundError):
        kehu.Sentiment.from_words(kehu.Keyword.read_text("bill\t话费\t50\n"))


def test_summaries_take_sentences():
    texts = ["宽带昨天断网了。请来修宽带！", "宽带又断网了，请来修", "谢谢。", None]
    found = kehu.summary_find(texts, n_sentences=2, n_threads=2)
    rows = zip(found["row"], found["start"], found["end"], found["sentence"])
    assert len(found) == 2 and all(texts[row].encode()[start:end].decode() == sentence for row, start, end, sentence in rows)
    assert len(kehu.summary_find(texts, n_sentences=9, max_similarity=.01)) == 1
    assert len(kehu.summary_find(texts, min_characters=50)) == len(kehu.summary_find([])) == 0
    with pytest.raises(kehu.KehuArgumentError, match="n_sentences is 1001, expected 1 to 1000"):
        kehu.summary_find(texts, n_sentences=1001)
    with pytest.raises(ZeroDivisionError):
        kehu.summary_find(texts, progress=lambda done, stage: 1 / 0)


def test_a_tokenizer_adapts_to_texts():
    words = kehu.Tokenizer.read_words("研究 10\n研究生 90\n生命 10\n命 50\n", split_units=True)
    texts = ["研究，生命的起源", None, "生命和研究"] * 30
    stages = []
    adapted = words.adapt(texts, prior=10, n_threads=2, progress=lambda done, stage: stages.append(stage))
    assert (words.words("研究生命"), adapted.words("研究生命")) == (["研究生", "命"], ["研究", "生命"])
    assert stages == ["adapt"] * 2 and len(adapted) == 4
    assert adapted == words.adapt(texts, prior=10) == pickle.loads(pickle.dumps(adapted))
    assert words.adapt([], rounds=1) == words
    with pytest.raises(kehu.KehuArgumentError, match="rounds is 21"):
        words.adapt(texts, rounds=21)
