"""Whether two questions hang together: the Rao-Scott test of a weighted cross-table."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import fdtrc

from surveys.kernel.variance import Design, degrees, scores_covariance

__all__ = ["Association", "rao_scott"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """The F statistic with its (fractional) degrees of freedom and the probability of a larger one by chance."""

    f: float
    ndf: float
    ddf: float
    p: float


def rao_scott(rows: Codes, columns: Codes, design: Design) -> Association:
    """Pearson's chi-square of a weighted cross-table with the second-order correction for the design.

    Source: Rao & Scott, Annals of Statistics 12 (1984) 46-60; the F form is Thomas & Rao's (Journal of the American
    Statistical Association 82 (1987) 630-636), as in R's `svychisq`.

    Arguments:
        rows: n codes 0..r-1 of one question, all answered.
        columns: n codes 0..c-1 of the other.
        design: with final weights.

    Raises:
        ValueError: a question has one category only, or an empty one.
        LonelyClusterError: a stratum has one sampling unit only.
    """
    height, width = int(rows.max(initial=0)) + 1, int(columns.max(initial=0)) + 1
    cell = rows * width + columns
    indicators = (cell[:, np.newaxis] == np.arange(height * width)).astype(np.float64)
    size = float(design.weights.sum())
    shares: Floats = design.weights @ indicators / size
    table = shares.reshape(height, width)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    if height < 2 or width < 2 or float(expected.min()) == 0.0:
        raise ValueError("a cross-table needs two categories each way and none without answers")
    n = rows.size
    pearson = n * float(((table - expected) ** 2 / expected).sum())
    covariance = scores_covariance((indicators - shares) / size, design)
    contrasts = _interactions(height, width)
    # An empty cell takes no part in the correction.
    inverse = np.divide(1.0, shares, out=np.zeros_like(shares), where=shares > 0.0)
    scaled = inverse[:, np.newaxis] * contrasts
    delta = np.linalg.solve(contrasts.T @ scaled / n, scaled.T @ covariance @ scaled)
    trace = float(np.trace(delta))
    ndf = trace**2 / float(np.trace(delta @ delta))
    ddf = ndf * degrees(design, inside=np.ones(n, dtype=np.bool_))
    f = pearson / trace
    return Association(f=f, ndf=ndf, ddf=ddf, p=float(fdtrc(ndf, ddf, f)))


def _interactions(height: int, width: int) -> Floats:
    """Interaction columns of a two-way table, free of the main effects."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    first = (down.ravel()[:, np.newaxis] == np.arange(1, height)).astype(np.float64)
    second = (across.ravel()[:, np.newaxis] == np.arange(1, width)).astype(np.float64)
    main = np.column_stack([np.ones(height * width), first, second])
    crossed = (first[:, :, np.newaxis] * second[:, np.newaxis, :]).reshape(height * width, -1)
    return np.asarray(crossed - main @ np.linalg.lstsq(main, crossed, rcond=None)[0], dtype=np.float64)
