"""The answers of a frozen wave with everything that its results are computed from."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from surveys.instruments.document import Instrument
from surveys.instruments.queries import questionnaire_by_hash
from surveys.kernel.estimates import Plan
from surveys.responses.columns import Columns, Variable, read_columns
from surveys.results.questions import reads_of
from surveys.results.response import response_reads
from surveys.results.weighing import Weighing, margin_reads, weigh_wave
from surveys.settings import policy
from surveys.waves.queries import Wave

__all__ = ["Dataset", "plan_of", "read_dataset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A wave's answers as columns, with its questionnaire, its design and its weights (None when nobody answered).

    `strata` are the codes of the sampling strata in the order of the design.
    """

    instrument: Instrument
    plan: Plan
    margins: Sequence[Mapping[str, Any]]
    strata: tuple[str, ...]
    columns: Columns
    weighing: Weighing | None


def plan_of(wave: Wave) -> Plan:
    """The declared design of a wave, with the policy's level of confidence."""
    return Plan(
        design=wave.design,  # type: ignore[arg-type] # the table's CHECK holds it to the three designs
        population=wave.population,
        invited=wave.invited,
        stratum_population=tuple(int(stratum["population"]) for stratum in wave.strata),
        level=policy().interval_level,
        cap=policy().korn_graubard_cap,
    )


async def read_dataset(
    session: AsyncSession,
    wave: Wave,
    *,
    margins: Sequence[Mapping[str, Any]] | None = None,
    further: Sequence[Variable] = (),
) -> Dataset:
    """Read and weight the answers of a wave, by its own margins unless others are given; `further` is read too.

    Complete only when the wave is frozen and its staged answers are moved. What takes long runs in a thread.
    """
    instrument = (await questionnaire_by_hash(session, wave.instrument_sha256)).instrument
    wanted = wave.margins if margins is None else margins
    strata = tuple(stratum["code"] for stratum in wave.strata)
    plan = plan_of(wave)
    reads = (*reads_of(instrument), *margin_reads(wanted, strata), *response_reads(), *further)
    columns = await read_columns(session, wave.id, reads)
    weighing = None
    if columns.n:
        weighing = await asyncio.to_thread(weigh_wave, columns, plan, wanted, minimum=policy().margin_minimum)
    return Dataset(instrument=instrument, plan=plan, margins=wanted, strata=strata, columns=columns, weighing=weighing)
