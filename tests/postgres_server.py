"""A PostgreSQL server of Debian's packages, started and stopped by the tests, on loopback in a temporary folder."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

OWNER = "nobody"
"""Who runs the server where the tests run as root, as which it refuses to start."""


def programs() -> Path | None:
    """Return the folder of the server's programs, the newest if there are several."""
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


@contextmanager
def running(bin_folder: Path) -> Iterator[str]:
    """Run a server with an empty database and give its address; it and its folder are gone afterwards."""
    as_owner = {"user": OWNER, "group": None, "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="cds-postgres-"))
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password)
    if as_owner:
        for path in (folder, secret):
            shutil.chown(path, OWNER)
    data, port = folder / "data", _free_port()
    initialise = [
        bin_folder / "initdb",
        "-D",
        data,
        "-U",
        "cds",
        "-A",
        "scram-sha-256",
        f"--pwfile={secret}",
        "--no-sync",
    ]
    server = [bin_folder / "postgres", "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", f"port={port}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_owner}
    address = f"postgresql://cds:{password}@127.0.0.1:{port}/postgres"
    try:
        subprocess.run([*initialise, "-E", "UTF8", "--locale=C"], check=True, **quiet)  # noqa: S603 - programs of the machine
        with subprocess.Popen([*server, "-c", f"unix_socket_directories={folder}"], **quiet) as started:  # noqa: S603 - as above
            try:
                _wait_for(address)
                yield address
            finally:
                started.send_signal(signal.SIGQUIT)  # at once: nobody needs the data
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(address: str) -> None:
    for _ in range(600):
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    psycopg.connect(address).close()  # and say why not


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]
