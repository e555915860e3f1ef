"""A real mosquitto on this host, with or without TLS, and a client that listens to all it hears."""

import asyncio
from collections.abc import AsyncGenerator
import contextlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
import random
import shutil
import signal
import socket
import ssl
import subprocess
from typing import Self

import aiomqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

USER, PASSWORD = "meters", "only for tests"


def free_port() -> int:
    """Return a port nobody uses, and that the system gives to nobody: it is below those of outgoing connections."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("", port))
            return port


def program(name: str) -> str:
    """Return the path of one of mosquitto's programs, or skip the test."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.skip("no mosquitto here: script/setup mqtt installs it")
    return found


class Broker:
    """mosquitto as a process; `tls` gives it a certificate of its own and a password."""

    def __init__(
        self,
        folder: Path,
        *,
        tls: bool,
        host: str = "127.0.0.1",
        port: int | None = None,
    ) -> None:
        """Write its configuration; `start` runs it."""
        self.host = host
        self.port = port or free_port()
        self.folder = folder
        self.authority = folder / "ca.pem" if tls else None
        self._process: asyncio.subprocess.Process | None = None
        lines = [f"listener {self.port} {host}", "allow_anonymous true"]
        if tls:
            self._certify()
            lines = [
                "user root",
                f"listener {self.port} {host}",
                f"certfile {folder / 'cert.pem'}",
                f"keyfile {folder / 'key.pem'}",
                "allow_anonymous false",
                f"password_file {folder / 'users'}",
            ]
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n", "utf-8")

    def _certify(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        (self.folder / "ca.pem").write_bytes(pem)
        (self.folder / "cert.pem").write_bytes(pem)
        (self.folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        subprocess.run(
            [
                program("mosquitto_passwd"),
                "-b",
                "-c",
                self.folder / "users",
                USER,
                PASSWORD,
            ],
            check=True,
            capture_output=True,
        )

    async def start(self) -> None:
        """Run until it takes connections."""
        self._process = await asyncio.create_subprocess_exec(
            program("mosquitto"),
            "-c",
            str(self.folder / "mosquitto.conf"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection(self.host, self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.05)

    def hang(self) -> None:
        """Let it answer no more, with all its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    async def stop(self) -> None:
        """End it; its port stays the same for the next start."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            await self._process.wait()

    async def __aenter__(self) -> Self:
        """Run it."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        await self.stop()

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncGenerator[aiomqtt.Client]:
        """Connect as a subscriber."""
        context = (
            ssl.create_default_context(cafile=self.authority)
            if self.authority
            else None
        )
        async with aiomqtt.Client(
            self.host,
            self.port,
            username=USER if context else None,
            password=PASSWORD if context else None,
            tls_context=context,
        ) as client:
            yield client
