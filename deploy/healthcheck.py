# ruff: noqa: INP001 - a program of its own inside the image, not a module of a package
"""The containers' health check: 0 when the service says that it is ready, 1 with its answer otherwise.

Started every few seconds in each container, so without http.client and ssl, whose import costs more than the check.
"""

import socket
import sys

with socket.create_connection(("127.0.0.1", 8080), timeout=4) as connection:
    connection.sendall(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
    answer = b""
    while piece := connection.recv(4096):
        answer += piece
sys.stdout.write(answer.decode(errors="replace"))
sys.exit(0 if answer.split(b" ", 2)[1] == b"200" else 1)
