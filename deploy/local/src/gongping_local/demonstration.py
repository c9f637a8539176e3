"""The demonstration: a client, simulated data on an empty state, and the main job told as it happens."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

from gongping_client import Client
from gongping_client.credentials import Credentials
from gongping_client.demo.dataset import LABEL, SOURCE
from gongping_client.demo.generate import generate_dataset
from gongping_client.demo.load import load_dataset
from gongping_client.demo.steps import DemoError
from gongping_client.demo.story import FRAMEWORK, StoryFailedError, run_story
from gongping_client.errors import ProblemError, UnreachableError
from gongping_local.deployment import Deployment
from gongping_local.process import write_atomically
from gongping_local.services import command
from gongping_local.watch import Echo

CLIENT_ID = "demonstration"
ROLES = "finance,purchaser,provider,evaluator,auditor,operator"
REFUSALS = (StoryFailedError, DemoError, ProblemError, UnreachableError)


@dataclass(frozen=True)
class Told:
    """What earlier runs have left in the databases.

    Attributes:
        loaded_on: the day on which the data set was loaded and for which it was drawn.
        contracts: simulated contracts of the data set.
        contract_id: of the contract with which the main job was done last.
    """

    loaded_on: str
    contracts: int
    contract_id: str


async def ensure_client(deployment: Deployment) -> Credentials:
    """The demonstration's client, made at the first start; its file always names the address of this start.

    Raises:
        LocalError: the gateway refused to make it.
    """
    state, url = deployment.state, deployment.ports.url("gateway")
    secret = state.folder / "keys" / f"{CLIENT_ID}.secret"
    if not state.client.exists():
        words = ("client", "create", "--id", CLIENT_ID, "--name", CLIENT_ID, "--roles", ROLES, "--regions", "*")
        env = deployment.environments["gateway"]
        await command(state, "gateway", *words, "--secret-file", str(secret), env=env)
    credentials = Credentials(url, CLIENT_ID, secret.read_text().strip())
    write_atomically(state.client, json.dumps(asdict(credentials), indent=1) + "\n")
    return credentials


async def show(deployment: Deployment, credentials: Credentials, *, again: bool, echo: Echo) -> bool:
    """Load the simulated data and do the main job on an empty state; later only say what is there, unless `again`.

    Returns whether everything happened as it should; what did not is told.
    """
    file = deployment.state.demonstration
    told = Told(**json.loads(file.read_text())) if file.exists() else None
    async with Client.of(credentials) as client:
        try:
            if told is not None and not again:
                await _say_what_is_there(client, told, echo=echo)
                return True
            loaded = told or await _load(client, echo=echo)
            echo("the main job:")
            result = await run_story(client, echo=lambda line: echo(f"  {line}"))
        except REFUSALS as error:
            echo(f"the main job failed: {error}")
            return False
        except ExceptionGroup as group:  # of contracts that were loaded side by side
            refused, others = group.split(REFUSALS)
            if refused is None or others is not None:
                raise
            echo(f"the simulated data were not loaded: {refused.exceptions[0]}")
            return False
    now = Told(loaded.loaded_on, loaded.contracts, str(result.contract_id))
    write_atomically(file, json.dumps(asdict(now), indent=1) + "\n")
    return True


async def _load(client: Client, *, echo: Echo) -> Told:
    dataset = generate_dataset(as_of=datetime.now(UTC).date())
    provinces = {contract.region[:5] for contract in dataset.contracts}
    echo(f"loading {len(dataset.contracts)} simulated contracts in {len(provinces)} provinces")
    counts = await load_dataset(client, dataset)
    echo(f"  {', '.join(f'{number} {stage}' for stage, number in sorted(counts.items()))}")
    return Told(dataset.as_of.isoformat(), len(dataset.contracts), "")


async def _say_what_is_there(client: Client, told: Told, *, echo: Echo) -> None:
    there = [contract async for contract in client.contracts.list(source=SOURCE)]
    contract_id = UUID(told.contract_id)
    echo(LABEL)
    echo(f"{len(there)} simulated contracts from earlier runs are there, {told.contracts} of them of {told.loaded_on}")
    score = (await client.scores.live(contract_id)).get(FRAMEWORK)
    if score is not None:
        contract = await client.contracts.get(contract_id)
        echo(f"the main job was last done with {contract.title}: {contract.state}, score {score.score} ({score.grade})")
    echo("nothing is loaded twice; ONCE=1 does the main job again with a new contract, FRESH=1 begins anew")
