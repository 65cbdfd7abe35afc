package org.kehu;

import java.util.ArrayList;
import java.util.List;

/** Small data made by formula, the same in every run. */
final class Samples {
    private static final String[] CLASSES = {"宽带", "资费", "投诉"};
    private static final String[][] WORDS = {{"宽带", "断网", "网速", "光猫", "路由器"}, {"话费", "套餐", "流量", "扣费", "余额"},
        {"态度", "投诉", "客服", "等待", "不满"}};

    private Samples() {}

    /** n texts; the class of the i-th is i % 3. */
    static List<String> texts(int n) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            String[] words = WORDS[i % 3];
            texts.add("我的" + words[i / 3 % 5] + "有问题，" + words[i / 15 % 5] + i % 7 + "天了😀");
        }
        return texts;
    }

    static List<String> labels(int n) {
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            labels.add(CLASSES[i % 3]);
        }
        return labels;
    }
}
