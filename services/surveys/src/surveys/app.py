"""The surveys service's table of contents. A slice may use those that stand before it."""

from shared.service import Service
from surveys.instruments.routes import routes as instruments
from surveys.responses.routes import routes as responses
from surveys.results.handlers import close_wave_job
from surveys.results.routes import routes as results
from surveys.results.service import snapshot
from surveys.settings import Settings
from surveys.waves.handlers import contracts_subscription
from surveys.waves.routes import routes as waves

__all__ = ["SLICES", "service"]

SLICES = ("instruments", "waves", "responses", "results")

service = Service(
    name="surveys",
    description="Public feedback: instruments, waves, responses, estimates with their uncertainty.",
    settings=Settings,
    routers=(responses, instruments, waves, results),  # routes are tried in this order, and answers come in thousands
    subscriptions=(contracts_subscription,),
    jobs=(close_wave_job,),
    snapshot=snapshot,
)
