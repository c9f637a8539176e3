"""The surveys service's table of contents. A slice may use those that stand before it."""

from shared.service import Service
from surveys.comparison.routes import routes as comparison
from surveys.complaints.handlers import complaint_clocks_job
from surveys.complaints.routes import routes as complaints
from surveys.frames.handlers import forget_frames_job
from surveys.frames.routes import routes as frames
from surveys.instruments.routes import routes as instruments
from surveys.public.routes import routes as public
from surveys.publication.handlers import publish_wave_job
from surveys.publication.routes import routes as publication
from surveys.responses.handlers import mix_job, retention_job
from surveys.responses.routes import routes as responses
from surveys.results.handlers import close_wave_job
from surveys.results.routes import routes as results
from surveys.settings import Settings
from surveys.snapshot import snapshot
from surveys.waves.handlers import contracts_subscription, open_due_waves_job
from surveys.waves.routes import routes as waves

__all__ = ["SLICES", "service"]

SLICES = ("instruments", "waves", "frames", "responses", "results", "publication", "comparison", "complaints", "public")

service = Service(
    name="surveys",
    description="Public feedback: instruments, waves, responses, estimates with their uncertainty.",
    settings=Settings,
    # Routes are tried in this order, and answers come in thousands.
    routers=(responses, instruments, waves, frames, results, publication, comparison, complaints, public),
    subscriptions=(contracts_subscription,),
    jobs=(
        open_due_waves_job,
        forget_frames_job,
        close_wave_job,
        publish_wave_job,
        mix_job,
        retention_job,
        complaint_clocks_job,
    ),
    snapshot=snapshot,
)
