"""What `make run` starts listens on this machine only."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import pytest

from tests.harness import ROOT, free_port, wait_for

pytestmark = pytest.mark.skipif(
    not Path("/proc/net/tcp").exists(), reason="needs Linux: it reads /proc/net/tcp"
)

LOOPBACK = "0100007F"
LISTENING, UNCONNECTED = "0A", "07"


def sockets_of(session: int) -> Set[str]:
    """Inodes of the sockets that the processes of a session hold."""
    inodes = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != session:
                continue
            for link in (folder / "fd").iterdir():
                target = os.readlink(link)
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
        except OSError:  # it has ended meanwhile
            continue
    return inodes


def listening(sessions: List[int]) -> List[Tuple[str, int]]:
    """Address (as the kernel writes it) and port of every socket that these sessions listen on."""
    inodes = set().union(*map(sockets_of, sessions))
    found = []
    for table, state in (
        ("tcp", LISTENING),
        ("tcp6", LISTENING),
        ("udp", UNCONNECTED),
        ("udp6", UNCONNECTED),
    ):
        path = Path("/proc/net") / table
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            fields = line.split()
            if fields[3] == state and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                found.append((address, int(port, 16)))
    return sorted(set(found))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tuple[List[int], Dict[str, int]]]:
    """Every process of the Procfile, on free ports."""
    folder = tmp_path_factory.mktemp("run")
    ports = {
        "RASA_PORT": free_port(),
        "ACTIONS_PORT": free_port(),
        "INBOX_PORT": free_port(),
        "METRICS_PORT": free_port(),
    }
    env = {
        **os.environ,
        **{name: str(port) for name, port in ports.items()},
        "DATABASE_URL": f"sqlite:///{folder}/desk.db",
        "CONVERSATIONS_DB": f"{folder}/conversations.db",
    }
    env.pop("ACTION_ENDPOINT_URL", None)
    env.pop("SANIC_HOST", None)
    processes = []
    with open(folder / "log", "wb") as log:
        for line in (ROOT / "Procfile").read_text().splitlines():
            command = line.partition(":")[2].strip().replace(".venv/bin/python", sys.executable, 1)
            if command:
                processes.append(
                    subprocess.Popen(
                        shlex.split(command),
                        cwd=ROOT,
                        env=env,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
    try:
        wait_for(f"http://127.0.0.1:{ports['RASA_PORT']}/webhooks/web/health", 180)
        wait_for(f"http://127.0.0.1:{ports['ACTIONS_PORT']}/health", 60)
        wait_for(f"http://127.0.0.1:{ports['INBOX_PORT']}/health", 60)
        yield [process.pid for process in processes], ports
    finally:
        for process in processes:
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for process in processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def test_everything_listens_on_the_loopback_interface_only(running: Tuple[List[int], Dict[str, int]]) -> None:
    sessions, ports = running
    deadline = time.monotonic() + 30
    while len(found := listening(sessions)) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert {ports["RASA_PORT"], ports["ACTIONS_PORT"], ports["INBOX_PORT"]} <= {port for _, port in found}
    assert {address for address, _ in found} == {LOOPBACK}, found
    assert {port for _, port in found} <= set(ports.values()), "something listens that has no port of its own"
