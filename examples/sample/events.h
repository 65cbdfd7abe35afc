/* events.h - what the customers did in the year. */
#ifndef SAMPLE_EVENTS_H
#define SAMPLE_EVENTS_H

#include "people.h"
#include "sheet.h"

/* Write the events of n people, in the order of time. 0 when out of memory. */
int write_events(sheet *s, const person *people, int n, uint64_t seed);

/* "2025-03-09 14:05:59" of seconds since 1970. */
void time_text(char out[32], int64_t seconds);
#endif
