"""`gongping demo`: simulated contracts, and the main job told with one of them."""

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from gongping_client.cli_options import ClientId, ClientSecret, Gateway, out, refuse, with_client
from gongping_client.client import Client
from gongping_client.demo.dataset import LABEL, Dataset
from gongping_client.demo.generate import DEFAULT_COUNT, DEFAULT_SEED, generate_dataset
from gongping_client.demo.load import load_dataset
from gongping_client.demo.story import STORY_SEED, StoryFailedError, StoryResult, run_story

__all__ = ["demo"]

demo = typer.Typer(help="Simulated contracts for demonstrations.", no_args_is_help=True)

Seed = Annotated[int, typer.Option(help="Seed of the generator; the same seed and day give the same data.")]
Count = Annotated[int, typer.Option(help="Number of contracts.", min=1, max=10_000)]
Day = Annotated[
    datetime | None, typer.Option("--as-of", help="Day on which the data are told [today].", formats=["%Y-%m-%d"])
]


def _day(as_of: datetime | None) -> date:
    return as_of.date() if as_of else datetime.now(UTC).date()


@demo.command("generate")
def generate(
    *,
    output: Annotated[Path, typer.Argument(help="File to write.", dir_okay=False)] = Path("gongping-demo.json"),
    seed: Seed = DEFAULT_SEED,
    count: Count = DEFAULT_COUNT,
    as_of: Day = None,
) -> None:
    """Write the simulated data set."""
    dataset = generate_dataset(seed=seed, count=count, as_of=_day(as_of))
    try:
        dataset.save(output)
    except OSError as error:
        refuse(f"cannot write: {error}")
    answers = sum(len(contract.answers) for contract in dataset.contracts)
    out.print(
        f"{output}: {len(dataset.contracts)} contracts, {len(dataset.organisations)} organisations, {answers} answers"
    )
    out.print(LABEL, markup=False)


@demo.command("load")
def load(
    *,
    file: Annotated[
        Path | None,
        typer.Argument(help="A file of `gongping demo generate` [generated anew].", exists=True, dir_okay=False),
    ] = None,
    seed: Seed = DEFAULT_SEED,
    count: Count = DEFAULT_COUNT,
    gateway: Gateway = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
) -> None:
    """Load the simulated data set; contracts that are there already are left as they are."""
    try:
        dataset = Dataset.load(file) if file else generate_dataset(seed=seed, count=count, as_of=_day(None))
    except (OSError, ValidationError) as error:
        refuse(f"{file} is no file of `gongping demo generate`: {str(error).splitlines()[0]}", status=2)

    async def work(client: Client) -> Counter[str]:
        return await load_dataset(client, dataset)

    counts = with_client(work, url=gateway, client_id=client_id, client_secret=client_secret)
    out.print(", ".join(f"{number} {stage}" for stage, number in counts.most_common()))
    out.print(LABEL, markup=False)


@demo.command("story")
def story(
    *,
    seed: Seed = STORY_SEED,
    seconds: Annotated[float, typer.Option(help="How long a step may take to show its effect.")] = 30.0,
    gateway: Gateway = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
) -> None:
    """Do the main job once with a simulated contract and tell it; exit status 1 when a step does not happen."""

    async def work(client: Client) -> StoryResult:
        return await run_story(client, echo=lambda line: out.print(line, markup=False), seed=seed, seconds=seconds)

    try:
        with_client(work, url=gateway, client_id=client_id, client_secret=client_secret)
    except* StoryFailedError as group:
        reason = str(group.exceptions[0])
    else:
        return
    refuse(reason)
