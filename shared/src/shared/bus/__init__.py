"""The broker: the only part of the system that imports nats."""

from shared.bus.connection import Bus
from shared.bus.messages import BrokerRefusedError, BrokerUnavailableError, Delivery, Outgoing, stream_name
from shared.bus.pull import Pull

__all__ = ["BrokerRefusedError", "BrokerUnavailableError", "Bus", "Delivery", "Outgoing", "Pull", "stream_name"]
