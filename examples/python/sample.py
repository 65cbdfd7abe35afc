"""Small, made-up data for the notebooks: the same on every machine."""
import datetime
import random

SUBJECTS = {
    "网络": ["家里宽带", "手机信号", "光猫", "小区网速", "地下室信号", "视频"],
    "费用": ["这个月话费", "上月账单", "流量费", "漫游费", "充值的五十元", "违约金"],
    "套餐": ["5G套餐", "家庭套餐", "流量包", "亲情号", "合约", "国际长途功能"],
}
TROUBLES = {
    "网络": ["断了两天", "太慢了", "一直不好", "老是掉线", "上不了网", "打不开"],
    "费用": ["扣错了", "怎么多了三十块", "没有到账", "不明白", "要退给我", "算得不对"],
    "套餐": ["想办一个", "怎么取消", "想换便宜一点的", "到期了吗", "能不能叠加", "怎么开通"],
}
OPENINGS = ["", "你好，", "请问", "我要投诉，", "帮我查一下，"]
VAGUE_SUBJECTS = ["你们的业务", "上次说的那件事", "昨天办的那个"]
VAGUE_TROUBLES = ["怎么回事", "请处理一下", "没有人管", "很不满意"]


def demands(n, seed=1):
    """Texts and their classes. One subject and one trouble in four say nothing of the class, one class in 25 is wrong."""
    rng = random.Random(seed)
    texts, classes = [], []
    for _ in range(n):
        c = rng.choice(list(SUBJECTS))
        subject = rng.choice(SUBJECTS[c] if rng.random() < 0.75 else VAGUE_SUBJECTS)
        trouble = rng.choice(TROUBLES[c] if rng.random() < 0.75 else VAGUE_TROUBLES)
        texts.append(rng.choice(OPENINGS) + subject + trouble)
        classes.append(c if rng.random() < 0.96 else rng.choice(list(SUBJECTS)))
    return texts, classes


def customers(n, seed=2):
    """What is known of customers, and the channel that three in four have been seen to prefer."""
    rng = random.Random(seed)
    found = {"customer": [], "age": [], "plan": [], "app_days": [], "hall_visits": [], "channel": []}
    for i in range(n):
        age = rng.randint(18, 80)
        likes_app = rng.random() < (0.9 if age < 45 else 0.25)
        found["customer"].append(f"C{i:04}")
        found["age"].append(age if rng.random() > 0.1 else None)
        found["plan"].append(rng.choice(["4G", "5G", "家庭"]))
        found["app_days"].append(rng.randint(10, 30) if likes_app else rng.randint(0, 12))
        found["hall_visits"].append(rng.randint(0, 1) if likes_app else rng.randint(0, 6))
        found["channel"].append(None if i % 4 == 0 else "app" if likes_app else "hall")
    return found


def purchases(n_customers, seed=3):
    """A year of purchases: customer, day, amount in cents. Some customers leave."""
    rng = random.Random(seed)
    rows = {"customer": [], "day": [], "amount": []}
    for i in range(n_customers):
        day, rate, leaves = rng.randint(0, 200), rng.gammavariate(1.2, 1 / 30), rng.betavariate(1, 4)
        money = rng.gammavariate(4, 3000)
        while day < 365:
            rows["customer"].append(f"C{i:04}")
            rows["day"].append(datetime.date(2025, 1, 1) + datetime.timedelta(days=day))
            rows["amount"].append(int(money * rng.uniform(0.5, 1.5)))
            if rng.random() < leaves:
                break
            day += 1 + int(rng.expovariate(max(rate, 1e-3)))
    return rows
