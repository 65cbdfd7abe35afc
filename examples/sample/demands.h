/* demands.h - what the customers wrote. */
#ifndef SAMPLE_DEMANDS_H
#define SAMPLE_DEMANDS_H

#include "grammar.h"
#include "people.h"
#include "sheet.h"

enum { N_CLASSES = 11 };
extern const char *const class_names[N_CLASSES]; /* the last is spam */

/* Write n texts of some of the people; three of four carry a label, and a few of
 * the labels are wrong. The truth goes to the sheet's truth file. */
void write_demands(sheet *s, const grammar *g, const person *people, int n_people, int n,
                   uint64_t seed);
#endif
