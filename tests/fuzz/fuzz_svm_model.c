/* Arbitrary bytes as a classifier's model file. The checksum keeps nearly all of
 * them out, so it is put right first; what is then accepted classifies and
 * explains, copied and used in place. Models with words are of the list below. */
#include <kehu/svm.h>

#include <stdint.h>
#include <stdlib.h>

#include "fuzz/repair.h"
#include "text/svm_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const kehu_svm *svm)
{
    static const char text[] = "查询话费 bill wifi 断网\xff";
    const int32_t offsets[2] = {0, (int32_t)sizeof text - 1};
    const kehu_column texts = {
        .type = KEHU_UTF8, .length = 1, .data = text, .offsets = offsets};
    kehu_svm_reason reasons[4];
    int32_t class_number = -2;
    uint32_t n;
    if (kehu_svm_predict(svm, &texts, NULL, &class_number, NULL, NULL, NULL) != KEHU_OK ||
        class_number < -1 || class_number >= (int32_t)kehu_svm_class_count(svm))
        abort();
    if (kehu_svm_explain(svm, text, (int64_t)sizeof text - 1, -1, reasons, 4, &n, NULL,
                         NULL, NULL) != KEHU_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *const repaired = repair_container(data, size);
    kehu_svm *svm;
    static const char list[] = "话费\n账单\n断网\n";
    static kehu_tokenizer *tokenizer; /* made once: it takes longer than all the rest */
    if (tokenizer == NULL && kehu_tokenizer_read_words(&tokenizer, list, sizeof list - 1,
                                                       NULL, NULL) != KEHU_OK)
        abort();
    if (repaired != NULL &&
        kehu_svm_read_with(&svm, repaired, size, tokenizer, NULL, NULL) == KEHU_OK) {
        use(svm);
        kehu_svm_free(svm);
    }
    if (repaired != NULL &&
        kehu__svm_over(&svm, repaired, size, tokenizer, NULL, NULL) == KEHU_OK) {
        use(svm);
        kehu_svm_free(svm);
    }
    repair_free(repaired);
    return 0;
}
