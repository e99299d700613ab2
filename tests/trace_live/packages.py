"""Unbound from Debian, downloaded once and unpacked beside the mail servers, never installed.

NSD, which serves the zones, comes with the mail servers (`tests.servers.packages`).
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.servers import packages
from tests.servers.packages import PackagesMissing

#: The resolver that validates, and the one library of it that small machines lack.
_WANTED = ("unbound", "libprotobuf-c1")


def unbound() -> Path:
    """The folder that Unbound is unpacked in. Raises `PackagesMissing`."""
    cache = packages.cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / "tree-unbound"
    with packages._alone(cache):
        if not (tree / "usr/sbin/unbound").exists():
            fresh = cache / "download-unbound"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *_WANTED]
            packages._run(command, fresh)
            packages._unpack(sorted(fresh.glob("*.deb")), tree)
    return tree


def libraries(*trees: Path) -> str:
    """What `LD_LIBRARY_PATH` must hold for programs of these folders."""
    machine = subprocess.run(["uname", "-m"], capture_output=True, text=True).stdout.strip()
    places = [tree / "usr/lib" for tree in trees]
    return ":".join(
        str(each) for place in places for each in (place / f"{machine}-linux-gnu", place)
    )


__all__ = ["PackagesMissing", "libraries", "unbound"]
