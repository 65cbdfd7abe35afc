#include <kehu/kehu.h>

#include <string.h>

/* Here, in the topmost room, because it knows every handle's header. */

#define SIZE(name)                                                                       \
    {                                                                                    \
#name, sizeof(name)                                                              \
    }
#define ARROW(name)                                                                      \
    {                                                                                    \
#name, sizeof(struct name)                                                       \
    }

static const struct {
    const char *name;
    size_t size;
} structs[] = {
    ARROW(ArrowArray),
    ARROW(ArrowArrayStream),
    ARROW(ArrowSchema),
    SIZE(kehu_allocator),
    SIZE(kehu_binary_evaluation),
    SIZE(kehu_bins_options),
    SIZE(kehu_calibration_row),
    SIZE(kehu_class_evaluation),
    SIZE(kehu_clv_base_options),
    SIZE(kehu_clv_columns),
    SIZE(kehu_clv_fit_report),
    SIZE(kehu_clv_options),
    SIZE(kehu_column),
    SIZE(kehu_csv_options),
    SIZE(kehu_duplicate_options),
    SIZE(kehu_demand_batch),
    SIZE(kehu_demand_counts),
    SIZE(kehu_demand_report_options),
    SIZE(kehu_demands_options),
    SIZE(kehu_error),
    SIZE(kehu_evaluation),
    SIZE(kehu_executor),
    SIZE(kehu_features_options),
    SIZE(kehu_field),
    SIZE(kehu_gain_row),
    SIZE(kehu_gate_info),
    SIZE(kehu_gate_options),
    SIZE(kehu_hybrid_info),
    SIZE(kehu_hybrid_options),
    SIZE(kehu_hybrid_predict_options),
    SIZE(kehu_keyword_answers),
    SIZE(kehu_keyword_change),
    SIZE(kehu_keyword_info),
    SIZE(kehu_keyword_line),
    SIZE(kehu_keyword_match),
    SIZE(kehu_keyword_options),
    SIZE(kehu_keyword_predict_options),
    SIZE(kehu_level_row),
    SIZE(kehu_levels_options),
    SIZE(kehu_linear_info),
    SIZE(kehu_linear_options),
    SIZE(kehu_mcnemar),
    SIZE(kehu_learner),
    SIZE(kehu_learning_step),
    SIZE(kehu_evaluation_report),
    SIZE(kehu_needs_options),
    SIZE(kehu_preference_fusion),
    SIZE(kehu_preference_options),
    SIZE(kehu_preference_rule),
    SIZE(kehu_progress),
    SIZE(kehu_python),
    SIZE(kehu_redact_options),
    SIZE(kehu_redact_span),
    SIZE(kehu_rfm_base_counts),
    SIZE(kehu_rfm_base_options),
    SIZE(kehu_rfm_batch),
    SIZE(kehu_rfm_columns),
    SIZE(kehu_rfm_cuts),
    SIZE(kehu_rfm_drift),
    SIZE(kehu_rfm_edges),
    SIZE(kehu_rfm_options),
    SIZE(kehu_rfm_reason),
    SIZE(kehu_scan_batch),
    SIZE(kehu_scan_options),
    SIZE(kehu_segment_reason),
    SIZE(kehu_segment_total),
    SIZE(kehu_sentiment_answers),
    SIZE(kehu_sentiment_cue),
    SIZE(kehu_sentiment_options),
    SIZE(kehu_sentiment_score_options),
    SIZE(kehu_snapshot_options),
    SIZE(kehu_span),
    SIZE(kehu_sparse),
    SIZE(kehu_store_check),
    SIZE(kehu_store_field),
    SIZE(kehu_store_import_options),
    SIZE(kehu_store_name),
    SIZE(kehu_store_options),
    SIZE(kehu_store_proof),
    SIZE(kehu_store_stats),
    SIZE(kehu_summary_options),
    SIZE(kehu_svm_curve),
    SIZE(kehu_svm_trial),
    SIZE(kehu_svm_info),
    SIZE(kehu_svm_options),
    SIZE(kehu_svm_predict_options),
    SIZE(kehu_svm_reason),
    SIZE(kehu_tokenizer_adapt_options),
    SIZE(kehu_tokenizer_batch_options),
    SIZE(kehu_tokenizer_options),
    SIZE(kehu_tokenizer_quality),
    SIZE(kehu_tokenizer_train_options),
    SIZE(kehu_topic_info),
    SIZE(kehu_topic_options),
    SIZE(kehu_topic_weights_options),
    SIZE(kehu_topic_word),
    SIZE(kehu_tree_info),
    SIZE(kehu_tree_options),
    SIZE(kehu_tree_permute_options),
    SIZE(kehu_tree_recalibrate_options),
    SIZE(kehu_tree_recalibration),
    SIZE(kehu_tree_score_options),
    SIZE(kehu_tree_step),
    SIZE(kehu_trend_options),
    SIZE(kehu_view),
    SIZE(kehu_view_bytes),
    SIZE(kehu_word_info),
    SIZE(kehu_words_options),
    SIZE(kehu_write_options),
    SIZE(kehu_writer),
};

size_t kehu_struct_size(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof structs / sizeof structs[0]; i++)
        if (strcmp(structs[i].name, name) == 0)
            return structs[i].size;
    return 0;
}
