/* The form for machines without SSE2, on those that have it. */
#undef __SSE2__
#include "support/lanes_run.h"

void lanes_run_scalar(const lanes_input *in, lanes_output *out)
{
    lanes_run(in, out);
}
