import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gongping_local import binaries
from gongping_local.account import OURSELVES, Account, choose_account
from gongping_local.errors import LocalError
from gongping_local.ports import free_port
from gongping_local.postgres import Postgres, connected

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
POSTGRES = binaries.postgres_folder() / "postgres"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="gongping-", dir="/var/tmp"))
    made.chmod(0o755)
    (made / "servers").mkdir()
    yield made
    shutil.rmtree(made)


@pytest.mark.skipif(os.geteuid() == 0, reason="root is another case")
def test_ordinary_user_runs_the_servers_as_itself(tmp_path: Path) -> None:
    assert choose_account(tmp_path, [POSTGRES]) == OURSELVES


@as_root
async def test_root_drops_to_nobody_where_nobody_can_go(open_folder: Path) -> None:
    home = open_folder / "servers"
    account = choose_account(home, [POSTGRES])
    if account.uid is None:
        pytest.skip("this environment lies where nobody cannot go")
    (home / "left").write_text("by an earlier run of root in a user namespace")
    account.own(home)
    postgres = Postgres(
        folder=home,
        port=free_port(),
        account=account,
        password="secret",
        log=open_folder / "postgres.log",
        record=open_folder / "postgres.json",
        durable=False,
    )
    await postgres.start()
    try:
        async with connected(postgres.url) as connection:
            assert await connection.fetchval("SELECT 1") == 1
        assert os.stat(f"/proc/{postgres.child.pid}").st_uid == account.uid  # noqa: PTH116 no disk is read
    finally:
        await postgres.stop()
    assert {path.stat().st_uid for path in home.rglob("*")} == {account.uid}


@as_root
def test_root_maps_itself_where_nobody_cannot_go(open_folder: Path) -> None:
    open_folder.chmod(0o700)
    account = choose_account(open_folder / "servers", [POSTGRES])
    assert account.uid is None
    assert "-U" in account.prefix
    account.own(open_folder / "servers")
    assert (open_folder / "servers").stat().st_uid == 0


@as_root
def test_refusal_names_the_folder_in_the_way(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_folder.chmod(0o700)
    monkeypatch.setenv("PATH", str(open_folder))  # no unshare there: as where namespaces are forbidden
    with pytest.raises(LocalError, match=f"cannot enter {open_folder}, "):
        choose_account(open_folder / "servers", [POSTGRES])


@as_root
def test_folder_changes_hands_in_both_directions(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "file").write_text("")
    for account, uid in ((Account(uid=65534), 65534), (OURSELVES, 0)):
        account.own(tmp_path)
        assert {path.stat().st_uid for path in (tmp_path, *tmp_path.rglob("*"))} == {uid}
