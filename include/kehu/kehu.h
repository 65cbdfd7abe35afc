/* kehu/kehu.h - all of kehu: include this, or only the headers of the handles
 * you use. */
#ifndef KEHU_KEHU_H
#define KEHU_KEHU_H

#include <kehu/arrow.h>
#include <kehu/base.h>
#include <kehu/bins.h>
#include <kehu/clv.h>
#include <kehu/column.h>
#include <kehu/csv.h>
#include <kehu/duplicate.h>
#include <kehu/demand.h>
#include <kehu/evaluate.h>
#include <kehu/features.h>
#include <kehu/gate.h>
#include <kehu/hybrid.h>
#include <kehu/kano.h>
#include <kehu/keyword.h>
#include <kehu/levels.h>
#include <kehu/linear.h>
#include <kehu/need.h>
#include <kehu/preference.h>
#include <kehu/priority.h>
#include <kehu/python.h>
#include <kehu/redact.h>
#include <kehu/rfm.h>
#include <kehu/segment.h>
#include <kehu/sentiment.h>
#include <kehu/store.h>
#include <kehu/summary.h>
#include <kehu/svm.h>
#include <kehu/table.h>
#include <kehu/tokenizer.h>
#include <kehu/topic.h>
#include <kehu/tree.h>
#include <kehu/trend.h>
#include <kehu/words.h>

#endif /* KEHU_KEHU_H */
