/* demands.h - what the customers wrote. */
#ifndef SAMPLE_DEMANDS_H
#define SAMPLE_DEMANDS_H

#include "grammar.h"
#include "people.h"
#include "sheet.h"

enum { N_CLASSES = 11 };
extern const char *const class_names[N_CLASSES]; /* the last is spam */

/* Write n texts of some of the people; three of four carry a label, and a few of
 * the labels are wrong; and what became of each. The truth goes to the sheets' truth
 * file. */
void write_demands(sheet *s, sheet *statuses, const grammar *g, const person *people,
                   int n_people, int n, uint64_t seed);
#endif
