/* learn/evaluate.h - what the evaluations share. */
#ifndef KEHU_SRC_LEARN_EVALUATE_H
#define KEHU_SRC_LEARN_EVALUATE_H

#include <kehu/evaluate.h>

/* KEHU_RANGE unless p is a probability and yes 0 or 1. */
kehu_status kehu__check_outcome(double p, int yes, int64_t row, kehu_error *err);

#endif
