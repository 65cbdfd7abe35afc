"""lifetimes' fits: peer_clv.py ROWS_FILE (see bench_clv.c). Figures: <model>_s, CPU seconds a fit.

Its standard errors come with the fit; Pareto/NBD has none there, so that ours does more.
"""
import sys
import warnings

import numpy

from peer import timed

warnings.simplefilter("ignore")
x, tx, t, m = numpy.fromfile(sys.argv[1]).reshape(4, -1)


def main():
    import lifetimes
    buyers = (x > 0) & (m > 0)
    timed("bg_nbd_s", lambda: lifetimes.BetaGeoFitter().fit(x, tx, t))
    timed("pareto_nbd_s", lambda: lifetimes.ParetoNBDFitter().fit(x, tx, t))
    timed("gamma_gamma_s", lambda: lifetimes.GammaGammaFitter().fit(x[buyers], m[buyers] / 100))


main()
