"""Becomes another program, which then ends with the one that started it.

usage: python -I -S launch.py PARENT_PID SIGNAL UID|- PROGRAM [ARGUMENT ...]

A program of its own and not a `preexec_fn`, which is unsafe beside threads. It imports the standard library only, so
that it starts in about 10 ms, and `exec` keeps its pid.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Drop to the user, ask the kernel for the signal at the parent's end, and become the program."""
    parent, signal, uid, *command = sys.argv[1:]
    if uid != "-":
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After the change of user, which clears it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal), 0, 0, 0)
        if os.getppid() != int(parent):  # it died before the kernel knew of our wish
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 the program comes from our own command lines


if __name__ == "__main__":
    main()
