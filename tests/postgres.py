"""A PostgreSQL server of one's own on loopback: made from the Debian package, started and stopped by the tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

USER = "tester"
UNPRIVILEGED = "postgres"
"""Who runs the server when the tests run as root, which PostgreSQL refuses; the Debian package makes this user."""


def programs() -> Path | None:
    """Return the folder of the server's programs, None where it is not installed."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found += [Path(path).parent for path in [shutil.which("initdb")] if path]
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server with an empty database and yield its address."""
    home = programs()
    assert home is not None
    folder = Path(tempfile.mkdtemp(prefix="cds-postgres-"))
    account = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program: str, *words: str) -> None:
        name = None if account is None else UNPRIVILEGED
        subprocess.run(  # noqa: S603 - the programs of the package
            [str(home / program), "-D", str(folder / "data"), *words],
            check=True, user=name, group=name, cwd=folder, stdout=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    try:
        run("initdb", "-A", "trust", "-U", USER, "--no-sync", "-E", "UTF8")
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-o", settings, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
