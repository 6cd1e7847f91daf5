"""Hosts on one machine: network namespaces with addresses of their own, joined by a switch."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Host:
    """One host; `cable` is the end of its cable that is in the switch."""

    def __init__(self, name: str, cable: str, address: str, switch: str) -> None:
        self.name, self.cable, self.address, self.switch = name, cable, address, switch

    def command(self, *words: str) -> list[str]:
        """Return a command that runs on this host."""
        return ["ip", "netns", "exec", self.name, *words]

    def plug(self, *, into_the_switch: bool) -> None:
        """Plug the cable in, or pull it: what is sent meanwhile is lost, and nobody is told."""
        _ip("-n", self.switch, "link", "set", self.cable, "up" if into_the_switch else "down")


@contextmanager
def hosts(*names: str) -> Iterator[list[Host]]:
    """Yield hosts that reach each other and nothing else; the test is skipped without them."""
    if shutil.which("ip") is None:
        pytest.skip("there is no `ip` here; Debian's iproute2 has it")
    mark = f"{os.getpid():x}"  # the names are the whole machine's
    switch = f"switch-{mark}"
    command = ["ip", "netns", "add", switch]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no network namespace can be made here: {made.stderr.strip()}")
    found = [
        Host(f"{name}-{mark}", f"cable{number}", f"10.199.7.{number + 1}", switch)
        for number, name in enumerate(names)
    ]
    try:
        try:
            _connect(switch, found)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"hosts cannot be connected here: {error.stderr.strip()}")
        yield found
    finally:
        for name in (switch, *(host.name for host in found)):
            if Path("/run/netns", name).exists():
                _ip("netns", "delete", name)


def _connect(switch: str, found: list[Host]) -> None:
    in_switch = ("-n", switch)
    _ip(*in_switch, "link", "add", "bridge", "type", "bridge")
    _ip(*in_switch, "link", "set", "bridge", "up")
    for host in found:
        inside = ("-n", host.name)
        _ip("netns", "add", host.name)
        peer = ("peer", "name", "eth0", "netns", host.name)
        _ip(*in_switch, "link", "add", host.cable, "type", "veth", *peer)
        _ip(*in_switch, "link", "set", host.cable, "master", "bridge", "up")
        _ip(*inside, "address", "add", f"{host.address}/24", "dev", "eth0")
        _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "link", "set", "eth0", "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
