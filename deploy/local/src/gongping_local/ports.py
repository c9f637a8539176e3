"""TCP ports on loopback."""

import socket

from gongping_local.errors import PortOccupiedError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port on loopback that nobody uses right now; another program may still take it, so be ready to try again."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        # As servers do it: connections of an ended server that linger do not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
    return True


def require_free(port: int, *, what: str, flag: str) -> None:
    """Refuse an occupied port with the flag that changes it.

    Raises:
        PortOccupiedError: another program listens on it.
    """
    if not is_free(port):
        raise PortOccupiedError(f"port {port} for {what} is taken by another program: choose another one with {flag}")
