"""Who rates what: balanced incomplete block designs, a greedy assignment with exclusions, and connectedness.

Evaluators are the treatments (v), cases the blocks (b), `k` evaluators rate a case, an evaluator rates r cases:
b k = v r, lambda (v - 1) = r (k - 1), efficiency E = lambda v / (r k). Source: Hall, Combinatorial Theory; Colbourn &
Dinitz, Handbook of Combinatorial Designs. Where no balanced design fits, pairs of evaluators meet as evenly as the
exclusions allow.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ALGORITHM",
    "ANCHORS_MINIMUM",
    "FIEDLER_SHARE",
    "Assignment",
    "Blocks",
    "Parameters",
    "TooFewEvaluatorsError",
    "assign",
    "balanced_design",
    "components",
    "design_parameters",
    "fiedler_value",
    "nearest_balanced_fiedler",
    "pick_another",
]

ALGORITHM: Final = "bibd-or-greedy-pairs/1"
"""Name and version of the algorithm; with numpy's version, the seed and the exclusions it repeats a drawing."""

ANCHORS_MINIMUM: Final = 5
"""Common cases that all evaluators rate, at least, where there are any (reference: 5 a round)."""

FIEDLER_SHARE: Final = 0.5
"""A greedy assignment is accepted from this share of the nearest balanced design's Fiedler value on (own choice)."""

Blocks = tuple[tuple[int, ...], ...]
"""Per case the numbers of its evaluators, ascending."""

Bools = NDArray[np.bool_]

_DIFFERENCE_FAMILIES: Final[dict[tuple[int, int, int], tuple[tuple[int, ...], ...]]] = {
    (7, 3, 1): ((0, 1, 3),),
    (11, 5, 2): ((1, 3, 4, 5, 9),),
    (13, 3, 1): ((0, 1, 4), (0, 2, 7)),
    (13, 4, 1): ((0, 1, 3, 9),),
    (15, 7, 3): ((0, 1, 2, 4, 5, 8, 10),),
    (19, 3, 1): ((0, 1, 6), (0, 2, 10), (0, 3, 7)),
    (19, 9, 4): ((1, 4, 5, 6, 7, 9, 11, 16, 17),),
    (21, 5, 1): ((3, 6, 7, 12, 14),),
    (23, 11, 5): ((1, 2, 3, 4, 6, 8, 9, 12, 13, 16, 18),),
    (31, 6, 1): ((1, 5, 11, 24, 25, 27),),
    (37, 9, 2): ((1, 7, 9, 10, 12, 16, 26, 33, 34),),
    (57, 8, 1): ((1, 6, 7, 9, 19, 38, 42, 49),),
}
"""Base blocks modulo v whose differences meet every residue lambda times; the tests prove each."""

_TRIES: Final = 64
_RESTARTS: Final = 16
_UNREDUCED_LIMIT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of a balanced design; `fiedler` is the one non-zero eigenvalue, lambda v / k."""

    v: int
    b: int
    r: int
    k: int
    lambda_: int
    efficiency: float
    fiedler: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who rates each case, and how good the graph of those who rate is, anchors included.

    `reference` is the Fiedler value that a balanced design of the same size would have; `balanced` says whether the
    cases without the anchors are one. `strong` is whether `fiedler` reaches FIEDLER_SHARE of it.
    """

    blocks: Blocks
    algorithm: str
    balanced: bool
    fiedler: float
    reference: float
    components: tuple[tuple[int, ...], ...]

    @property
    def strong(self) -> bool:
        """Whether severities are determined about as well as the number of ratings allows."""
        return len(self.components) == 1 and self.fiedler >= FIEDLER_SHARE * self.reference * (1 - 1e-9)


class TooFewEvaluatorsError(ValueError):
    """Cases with fewer evaluators left than they need; `cases` holds their numbers."""

    def __init__(self, cases: Sequence[int]) -> None:
        super().__init__(f"too few evaluators for the cases {list(cases)}")
        self.cases = tuple(cases)


def design_parameters(blocks: Sequence[Collection[int]], v: int) -> Parameters | None:
    """The parameters of a balanced incomplete block design over evaluators 0..v-1; None when it is none."""
    sizes = {len(set(block)) for block in blocks}
    if len(sizes) != 1 or v < 2:
        return None
    k = sizes.pop()
    incidence = _incidence(blocks, v)
    pairs = incidence.T @ incidence
    replications, meetings = np.diag(pairs), pairs[~np.eye(v, dtype=bool)]
    if np.any(replications != replications[0]) or np.any(meetings != meetings[0]) or k < 2:
        return None
    r, lambda_ = int(replications[0]), int(meetings[0])
    return Parameters(v, len(blocks), r, k, lambda_, lambda_ * v / (r * k), lambda_ * v / k)


def balanced_design(v: int, k: int, b: int) -> Blocks | None:
    """Exactly `b` blocks of a balanced design, repeated as often as they fit; None when no known one divides b.

    Known are: difference families, affine planes of prime order (v = k^2), and all k-subsets while they are few.
    """
    candidates = [_develop(v, family) for (fv, fk, _), family in _DIFFERENCE_FAMILIES.items() if (fv, fk) == (v, k)]
    if v == k * k and _is_prime(k):
        candidates.append(_affine_plane(k))
    if 2 <= k <= v and comb(v, k) <= min(b, _UNREDUCED_LIMIT):
        candidates.append(tuple(combinations(range(v), k)))
    for blocks in sorted(candidates, key=len):
        if b % len(blocks) == 0:
            return blocks * (b // len(blocks))
    return None


def _develop(v: int, family: tuple[tuple[int, ...], ...]) -> Blocks:
    return tuple(tuple(sorted((each + shift) % v for each in base)) for base in family for shift in range(v))


def _affine_plane(q: int) -> Blocks:
    """The lines of AG(2, q), q prime: point (x, y) is q x + y."""
    verticals = [tuple(q * x + y for y in range(q)) for x in range(q)]
    slopes = [tuple(sorted(q * x + (m * x + c) % q for x in range(q))) for m in range(q) for c in range(q)]
    return tuple(verticals + slopes)


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % each for each in range(2, int(number**0.5) + 1))


def components(blocks: Sequence[Collection[int]], v: int) -> tuple[tuple[int, ...], ...]:
    """The connected parts of the bipartite graph as tuples of evaluators, by union-find.

    An evaluator without a case is a part of one.
    """
    parent = list(range(v))

    def root(member: int) -> int:
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for block in blocks:
        members = list(block)
        for other in members[1:]:
            one, two = root(members[0]), root(other)
            parent[max(one, two)] = min(one, two)
    parts: dict[int, list[int]] = {}
    for member in range(v):
        parts.setdefault(root(member), []).append(member)
    return tuple(tuple(part) for _, part in sorted(parts.items()))


def fiedler_value(blocks: Sequence[Collection[int]], v: int) -> float:
    """Second smallest eigenvalue of the evaluators' information matrix C = diag(r) - N' diag(1/k) N.

    It is 0 when the graph falls apart, and lambda v / k for a balanced design (John & Williams, Cyclic and Computer
    Generated Designs): the worst-determined contrast of severities has the variance of the residual divided by it.
    """
    if v < 2:
        return 0.0
    incidence = _incidence(blocks, v)
    sizes = incidence.sum(axis=1, keepdims=True)
    information = np.diag(incidence.sum(axis=0)) - incidence.T @ (incidence / np.where(sizes > 0, sizes, 1.0))
    second = float(np.linalg.eigvalsh(information)[1])
    return second if second > 1e-9 * max(1.0, float(np.trace(information))) else 0.0


def nearest_balanced_fiedler(cases: int, v: int, k: int) -> float:
    """What a balanced design of the same size would reach: lambda v / k with lambda = r (k - 1)/(v - 1), r = b k/v."""
    return 0.0 if v < 2 else cases * (k - 1) / (v - 1)


def _incidence(blocks: Sequence[Collection[int]], v: int) -> NDArray[np.float64]:
    incidence = np.zeros((len(blocks), v))
    for row, block in enumerate(blocks):
        incidence[row, list(block)] = 1.0
    return incidence


def assign(*, v: int, k: int, excluded: Bools, anchors: Collection[int] = (), rng: np.random.Generator) -> Assignment:
    """Draw `k` of `v` evaluators for each case (row of `excluded`), and every evaluator for the anchors.

    A balanced design with shuffled labels where one fits the number of cases and some shuffle breaks no exclusion,
    otherwise greedy, the best of a few when the first is weak. Both are random: what `rng` gives decides all ties.
    `excluded[case, evaluator]` is True where that evaluator may not rate that case, anchors included.

    Raises:
        TooFewEvaluatorsError: some cases have fewer than `k` evaluators left (an anchor: fewer than two).
    """
    cases = excluded.shape[0]
    common = sorted(set(anchors))
    short = [case for case in range(cases) if v - excluded[case].sum() < (min(2, v) if case in common else k)]
    if short:
        raise TooFewEvaluatorsError(short)
    ordinary = [case for case in range(cases) if case not in set(common)]
    shared = {case: tuple(int(each) for each in np.flatnonzero(~excluded[case])) for case in common}

    def made(chosen: Blocks, *, balanced: bool) -> Assignment:
        of = shared | dict(zip(ordinary, chosen, strict=True))
        blocks = tuple(of[case] for case in range(cases))
        # Who rates nothing has no severity to determine.
        used = sorted({member for block in blocks for member in block})
        number = {member: place for place, member in enumerate(used)}
        graph = [[number[member] for member in block] for block in blocks]
        parts = tuple(tuple(used[place] for place in part) for part in components(graph, len(used)))
        reference = nearest_balanced_fiedler(len(ordinary), len(used), k) + len(common)
        return Assignment(blocks, ALGORITHM, balanced, fiedler_value(graph, len(used)), reference, parts)

    design = _shuffled_design(excluded[ordinary], v=v, k=k, rng=rng)
    if design is not None:
        return made(design, balanced=True)
    best = made(_greedy(excluded[ordinary], v=v, k=k, rng=rng), balanced=False)
    for _ in range(_RESTARTS):
        if best.strong:
            break
        again = made(_greedy(excluded[ordinary], v=v, k=k, rng=rng), balanced=False)
        best = max(best, again, key=lambda each: (-len(each.components), each.fiedler))
    return best


def _shuffled_design(excluded: Bools, *, v: int, k: int, rng: np.random.Generator) -> Blocks | None:
    design = balanced_design(v, k, len(excluded)) if len(excluded) else None
    if design is None:
        return None
    members = np.array(design)
    for _ in range(_TRIES):
        shuffled = rng.permutation(v)[members][rng.permutation(len(members))]
        if not np.take_along_axis(excluded, shuffled, axis=1).any():
            return tuple(tuple(sorted(int(each) for each in block)) for block in shuffled)
    return None


def _greedy(excluded: Bools, *, v: int, k: int, rng: np.random.Generator) -> Blocks:
    """Most constrained case first; each place goes to who has the least load, then has met the others least.

    Evaluators of equal load are told apart by the increase of the variance of pair counts, 2 n_ij + 1 summed over those
    chosen already, then at random.
    """
    load, pairs = np.zeros(v), np.zeros((v, v))
    order = sorted(rng.permutation(len(excluded)), key=lambda case: -int(excluded[case].sum()))
    blocks: list[tuple[int, ...]] = [()] * len(excluded)
    for case in order:
        chosen: list[int] = []
        for _ in range(k):
            met = pairs[chosen].sum(axis=0) if chosen else np.zeros(v)
            ties = rng.random(v)
            barred = excluded[case].copy()
            barred[chosen] = True
            place = np.lexsort((ties, met, load, barred))[0]
            chosen.append(int(place))
        for one, two in combinations(chosen, 2):
            pairs[one, two] += 1
            pairs[two, one] += 1
        load[chosen] += 1
        blocks[case] = tuple(sorted(chosen))
    return tuple(blocks)


def pick_another(*, load: Sequence[int], barred: Sequence[bool], rng: np.random.Generator) -> int | None:
    """One further evaluator for a case: at random among those with the least load who are not barred; None: nobody."""
    free = [number for number, bar in enumerate(barred) if not bar]
    if not free:
        return None
    least = min(load[number] for number in free)
    return int(rng.choice([number for number in free if load[number] == least]))
