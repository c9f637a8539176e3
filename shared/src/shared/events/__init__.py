"""The published language: one module per producer (several of scoring), and the catalogue of every event type.

This package imports pydantic and the standard library only, so that a subscriber can use it alone.
"""

from shared.events.base import CATALOG, Amount, Envelope, EventData, EventEntry, Figure, event
from shared.events.campaigns import *  # noqa: F403 - each module states its own __all__
from shared.events.campaigns import __all__ as _campaigns
from shared.events.catalogue import *  # noqa: F403
from shared.events.catalogue import __all__ as _catalogue
from shared.events.contracts import *  # noqa: F403 - each module states its own __all__
from shared.events.contracts import __all__ as _contracts
from shared.events.evaluations import *  # noqa: F403
from shared.events.evaluations import __all__ as _evaluations
from shared.events.implementation import *  # noqa: F403
from shared.events.implementation import __all__ as _implementation
from shared.events.results import *  # noqa: F403
from shared.events.results import __all__ as _results
from shared.events.scoring import *  # noqa: F403
from shared.events.scoring import __all__ as _scoring
from shared.events.supervision import *  # noqa: F403
from shared.events.supervision import __all__ as _supervision
from shared.events.surveys import *  # noqa: F403
from shared.events.surveys import __all__ as _surveys

__all__ = [  # noqa: PLE0604 - the names of the producers' modules are added below
    "CATALOG",
    "Amount",
    "Envelope",
    "EventData",
    "EventEntry",
    "Figure",
    "event",
    *_campaigns,
    *_catalogue,
    *_contracts,
    *_supervision,
    *_surveys,
    *_scoring,
    *_evaluations,
    *_results,
    *_implementation,
]
