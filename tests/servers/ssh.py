"""An OpenSSH server of our own."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.servers.process import (
    HOST,
    Process,
    find_program,
    free_port,
    short_folder,
)


@dataclass
class SSHServer:
    """An sshd on loopback that lets the tests' own account in with one key."""

    process: Process
    port: int
    identity: Path
    known_hosts: Path
    user: str
    host: str = HOST

    @property
    def address(self) -> str:
        return f"{self.user}@{self.host}:{self.port}"

    def start(self) -> None:
        self.process.start()

    def stop(self) -> None:
        self.process.stop()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.process.folder, ignore_errors=True)


def new_ssh_key(path: Path) -> str:
    """Write a private key to `path`; gives the public one as a line."""
    key = ed25519.Ed25519PrivateKey.generate()
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return public.decode()


def start_sshd() -> SSHServer:
    daemon, folder, user = find_program("OpenSSH server", "sshd"), short_folder(), getpass.getuser()
    (folder / "authorized_keys").write_text(new_ssh_key(folder / "identity") + "\n")
    process, port = sshd_in(
        daemon, folder, PasswordAuthentication="no", KbdInteractiveAuthentication="no", MaxStartups=100
    )
    return SSHServer(process, port, folder / "identity", folder / "known_hosts", user)


def sshd_in(daemon: Path, folder: Path, **more: object) -> tuple[Process, int]:
    """A running sshd and its port. The folder has its `authorized_keys`, and gets `known_hosts`."""
    port = free_port()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd refuses to start as root without it
    (folder / "known_hosts").write_text(f"[{HOST}]:{port} {new_ssh_key(folder / 'host_key')}\n")
    settings = {
        "Port": port,
        "ListenAddress": HOST,
        "HostKey": folder / "host_key",
        "PidFile": "none",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "prohibit-password",
        "LogLevel": "ERROR",
    } | more
    config = folder / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    process = Process([str(daemon), "-D", "-e", "-f", str(config)], folder, None, ready=lambda: accepts(port))
    process.start()
    return process, port


def accepts(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    try:
        with socket.create_connection((HOST, port), 1):
            return True
    except OSError:
        return False


# HTTPS.
