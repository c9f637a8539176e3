"""Scores of contracts.

One BLAS thread unless the operator says otherwise: the kernels' matrices are small, and threads that wait for each
other made the crossed random effects of a rating round take 25 times as long.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy is imported anywhere in the service
