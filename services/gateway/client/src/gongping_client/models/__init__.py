"""Bodies to send and answers to read, as typed models."""

from gongping_client.models.base import Answer, Body
from gongping_client.models.contracts import *  # noqa: F403 - each module states its own __all__
from gongping_client.models.contracts import __all__ as _contracts
from gongping_client.models.facts import *  # noqa: F403
from gongping_client.models.facts import __all__ as _facts
from gongping_client.models.imports import ImportAnswer, ImportResult
from gongping_client.models.scoring import *  # noqa: F403
from gongping_client.models.scoring import __all__ as _scoring
from gongping_client.models.surveys import *  # noqa: F403
from gongping_client.models.surveys import __all__ as _surveys

__all__ = ["Answer", "Body", "ImportAnswer", "ImportResult", *_contracts, *_facts, *_surveys, *_scoring]  # noqa: PLE0604
