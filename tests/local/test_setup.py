import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def set_up(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    python = folder / "python3"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return subprocess.run(
        [ROOT / "deploy/local/setup.sh", python],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )


def test_python_without_venv_names_the_package_to_install(tmp_path: Path) -> None:
    done = set_up(tmp_path, f'case "$2" in *ensurepip*) exit 1;; esac\nexec "{sys.executable}" "$@"')
    assert done.returncode == 1
    assert done.stderr == (
        f"this Python has no venv: apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv\n"
    )


def test_old_python_is_refused_in_one_sentence(tmp_path: Path) -> None:
    done = set_up(tmp_path, 'case "$2" in *print*) echo 3.9;; *) exit 1;; esac')
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or later is needed; ")
    assert "is 3.9" in done.stderr
    assert done.stderr.count("\n") == 1
