/* statuses.h - what became of the demands, and what a survey asked. */
#ifndef SAMPLE_STATUSES_H
#define SAMPLE_STATUSES_H

#include "people.h"
#include "sheet.h"

/* Write what happened to demand i of customer `who`, taken in at `seconds`: rows of
 * statuses.csv up to the end of the year, in the order of time. Slow ones take `slow`
 * times as long; spam is closed at once. The status it ends in goes to the truth file. */
void write_statuses(sheet *s, int i, int who, int64_t seconds, int slow, int spam,
                    uint64_t seed);

/* Write answers of n people to Kano's questionnaire. Needs go to the truth file. */
void write_answers(sheet *s, int n_people, int n, uint64_t seed);
#endif
