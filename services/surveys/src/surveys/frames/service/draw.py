"""Drawing the sample, which completes the frame and makes the wave say what its frame says."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from surveys.frames.errors import AttributesTooFine, FrameAlreadyDrawn, FrameDiffers
from surveys.frames.models import Frame
from surveys.frames.queries import FrameCell, frame_cells, get_frame
from surveys.settings import policy
from surveys.waves.queries import ContractStub, Wave
from surveys.waves.service import fit_to_frame, lock_open_wave, set_caution

__all__ = ["DRAWING_RULE", "draw_sample"]

DRAWING_RULE = "sha256-rank"
TOLERANCE = 1e-6  # of the population, between the sums of margins; surveys reference, section 3.2
SMALLEST_STRATUM_SAMPLE = 2  # one unit has no variance

# Units are ranked in their stratum by SHA-256(seed || reference_hmac), and the first n_h are the sample: a simple
# random sample without replacement that anybody with the seed can draw again, whatever order the rows came in.
_DRAW = text(
    "UPDATE frame_units SET drawn = true FROM ("
    "  SELECT reference_hmac, stratum, "
    "    row_number() OVER (PARTITION BY stratum ORDER BY sha256(CAST(:seed AS bytea) || reference_hmac)) AS rank "
    "  FROM frame_units WHERE wave_id = :wave_id"
    ") AS ranked JOIN unnest(CAST(:strata AS text[]), CAST(:sizes AS int[])) AS size(code, n) "
    "ON size.code IS NOT DISTINCT FROM ranked.stratum AND ranked.rank <= size.n "
    "WHERE frame_units.wave_id = :wave_id AND frame_units.reference_hmac = ranked.reference_hmac"
)
# A list of a million people takes longer than an ordinary statement may.
_PATIENTLY = text("SET LOCAL statement_timeout = '10min'")


async def draw_sample(
    session: AsyncSession,
    wave_id: UUID,
    *,
    sample: int | None = None,
    allocation: Mapping[str, int] | None = None,
    if_match: int | None = None,
) -> tuple[Frame, Wave]:
    """Complete the frame of a wave and draw whom to invite: everybody in a census, else a random sample.

    Arguments:
        session: the transaction.
        wave_id: the wave.
        sample: n of a probability sample, by default what the wave declared; spread over strata in proportion to N_h.
        allocation: or n_h for each stratum.
        if_match: version of the wave that the caller has read.

    Raises:
        WaveNotFound, WaveAlreadyClosed, PreconditionFailed, FrameNotFound: there is nothing to draw from.
        FrameAlreadyDrawn: it was drawn; a sample is drawn once.
        FrameDiffers: empty, strata that are missing or too small, attributes or margins that do not fit.
        AttributesTooFine: few share a combination of attributes in an anonymous wave.
    """
    await session.execute(_PATIENTLY)
    wave, contract = await lock_open_wave(session, wave_id, if_match=if_match)
    frame = await get_frame(session, wave_id)
    if frame.state != "loading":
        raise FrameAlreadyDrawn("The sample was drawn already; drawing again would let somebody choose among samples.")
    found = await frame_cells(session, wave_id)
    _refuse_unfit(wave, found)
    sizes = Counter[str | None]()
    for cell in found:
        sizes[cell.stratum] += cell.size
    drawn = _sizes(wave, sizes, sample=sample, allocation=allocation)
    seed = secrets.token_bytes(32)
    codes = sorted(drawn, key=lambda code: code or "")
    await session.execute(
        _DRAW, {"wave_id": wave_id, "seed": seed, "strata": codes, "sizes": [drawn[code] for code in codes]}
    )
    frame.state = "drawn"
    frame.seed = seed
    frame.drawn_at = clock.now()
    frame.drawn = sum(drawn.values())
    frame.strata = [{"code": code, "population": sizes[code], "drawn": drawn[code]} for code in codes]
    frame.version += 1
    fit_to_frame(
        wave,
        population=frame.size,
        invited=frame.drawn if wave.design == "probability" else None,
        strata=[{"code": code, "population": sizes[code]} for code in codes] if wave.strata else [],
        margins=_margins(wave, found, frame.size),
    )
    _judge(frame, wave, contract)
    audit.record(session, "frame.drawn", noun="frame", noun_id=wave.id, region=wave.region, fields=["state", "drawn"])
    await session.flush()
    return frame, wave


def _judge(frame: Frame, wave: Wave, contract: ContractStub) -> None:
    """Cautions that the list itself gives: its size against the contract's, and who holds it."""
    if contract.population:
        gap = abs(frame.size - contract.population) / contract.population
        set_caution(wave, "frame_gap_population", present=gap > policy().frame_gap)
    set_caution(wave, "frame_unaudited", present=frame.held_by == "provider")


def _refuse_unfit(wave: Wave, found: Sequence[FrameCell]) -> None:
    if not found:
        raise FrameDiffers("The frame is empty; load its rows first.")
    names = {tuple(sorted(cell.attributes)) for cell in found}
    if len(names) > 1:
        listed = " | ".join(sorted(", ".join(each) or "none" for each in names))
        raise FrameDiffers(f"Every row must have the same attributes; there are rows with {listed}.")
    missing = sorted({stratum["code"] for stratum in wave.strata} - {cell.stratum for cell in found})
    if missing:
        raise FrameDiffers(f"The frame has nobody in stratum {', '.join(missing)}.", strata=missing)
    if not wave.anonymous:
        return
    # An answer carries both, so that both count.
    rare = [cell for cell in found if cell.size < policy().frame_cell]
    if len(found) > 1 and rare:
        raise AttributesTooFine(
            f"{len(rare)} combinations of stratum and attributes are shared by fewer than {policy().frame_cell} "
            "people; use coarser ones (wider age bands, fewer variables).",
            combinations=[({"stratum": cell.stratum} if cell.stratum else {}) | cell.attributes for cell in rare[:50]],
        )


def _sizes(
    wave: Wave, sizes: Mapping[str | None, int], *, sample: int | None, allocation: Mapping[str, int] | None
) -> dict[str | None, int]:
    """n_h for each stratum (None without strata)."""
    if wave.design == "census":
        if sample is not None or allocation is not None:
            raise FrameDiffers("A census invites everybody; leave sample and allocation out.")
        return dict(sizes)
    if allocation is not None:
        if set(allocation) != set(sizes):
            strata = ", ".join(sorted(code or "-" for code in sizes))
            raise FrameDiffers(f"The allocation must name exactly the strata {strata}.")
        wanted: dict[str | None, int] = {code: allocation[code] for code in allocation}
    else:
        wanted = _proportional(sizes, sample if sample is not None else wave.invited or 0)
    for code, n in wanted.items():
        least = min(SMALLEST_STRATUM_SAMPLE, sizes[code])
        if not least <= n <= sizes[code]:
            where = "the frame" if code is None else f"stratum {code}"
            raise FrameDiffers(
                f"A sample of {n} cannot be drawn from {where}, which has {sizes[code]}; "
                f"it needs {least} at least, or its variance cannot be estimated.",
                stratum=code,
            )
    return wanted


def _proportional(sizes: Mapping[str | None, int], n: int) -> dict[str | None, int]:
    """Proportional allocation by largest remainders, at least two of a stratum that has two."""
    total = sum(sizes.values())
    shares = {code: n * size / total for code, size in sizes.items()}
    given = {code: int(share) for code, share in shares.items()}
    by_remainder = sorted(shares, key=lambda code: (given[code] - shares[code], code or ""))
    for code in by_remainder[: n - sum(given.values())]:
        given[code] += 1
    return {code: max(each, min(SMALLEST_STRATUM_SAMPLE, sizes[code])) for code, each in given.items()}


def _margins(wave: Wave, found: Sequence[FrameCell], size: int) -> list[dict[str, Any]]:
    """The wave's margins with those on the frame counted, or checked where they were stated.

    Raises:
        FrameDiffers: names the margin and the category that does not fit.
    """
    margins: list[dict[str, Any]] = []
    for margin in wave.margins:
        name, variable = margin["name"], margin["variable"]
        counted = Counter[str]()
        if margin["source"] == "frame":
            for cell in found:
                value = cell.stratum if variable == "stratum" else cell.attributes.get(variable)
                if value is None:
                    raise FrameDiffers(f"Margin {name}: the rows of the frame have no {variable}.", margin=name)
                counted[value] += cell.size
            stated = {category["code"] for category in margin["categories"]}
            odd = sorted(stated ^ set(counted)) if stated else []
            if odd:
                raise FrameDiffers(
                    f"Margin {name}: {', '.join(odd)} is in the frame or in the margin, but not in both.",
                    margin=name,
                    categories=odd,
                )
        stated_categories = margin["categories"] or [
            {"code": code, "population": float(count)} for code, count in sorted(counted.items())
        ]
        total = float(sum(category["population"] for category in stated_categories))
        if abs(total - size) > TOLERANCE * size:
            raise FrameDiffers(f"Margin {name} sums to {total:g}, but the frame has {size}.", margin=name)
        margins.append({**margin, "categories": stated_categories})
    return margins
