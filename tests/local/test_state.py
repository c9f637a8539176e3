import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gongping_local.errors import AlreadyRunningError, LocalError, PortOccupiedError
from gongping_local.ports import require_free
from gongping_local.state import clear, held, open_state, passwords


def test_second_instance_is_told_who_runs_and_where(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state")
    script = (
        "import sys\nfrom pathlib import Path\nfrom gongping_local.state import held, open_state\n"
        "with held(open_state(Path(sys.argv[1])), url='http://127.0.0.1:8099'):\n"
        "    print('held', flush=True)\n    sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(state.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with (
        pytest.raises(AlreadyRunningError, match=rf"process {holder.pid}, http://127\.0\.0\.1:8099"),
        held(state, url=""),
    ):
        pass
    holder.kill()
    holder.communicate()
    with held(state, url=""):  # a killed one holds nothing
        pass


def test_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LocalError, match="no state folder of Gongping"):
        open_state(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_secrets_are_kept_and_closed_to_others(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state")
    first = passwords(state)
    assert passwords(open_state(state.folder)) == first
    assert len({first.postgres, first.nats, *first.roles.values()}) == 6
    secret = state.folder / "passwords.json"
    assert secret.stat().st_mode & 0o077 == 0
    assert state.servers.stat().st_mode & 0o077 == 0
    # Root lets the servers' account pass through; nobody else's run needs that.
    assert state.folder.stat().st_mode & 0o077 == (0o011 if os.geteuid() == 0 else 0)
    clear(state)
    assert passwords(state) != first


def test_occupied_port_names_the_flag() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortOccupiedError, match=rf"port {port} for the gateway is taken .* with PORT=8090"):
            require_free(port, what="the gateway", flag="PORT=8090")
    require_free(port, what="the gateway", flag="PORT=8090")
