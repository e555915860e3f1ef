# SPDX-License-Identifier: GPL-2.0-or-later
"""A program of its own around esptool: commands as JSON lines on stdin, what happens as JSON lines on stdout.

The app starts it for each job and talks to it over the two pipes only. It decides nothing; it ends when stdin does.

    > {"command": "connect", "port": "/dev/ttyUSB0", "stub": true, "baud": 460800}
    < {"event": "log", "text": "Connecting..."}
    < {"event": "done", "chip": "ESP32-C3", "mac": "...", "flash_size": 4194304, ...}

    > {"command": "read", "offset": 32768, "size": 3072}       < {"event": "done", "data": "aa50..."}
    > {"command": "backup", "path": "...", "size": 4194304}    < {"event": "progress", "done": 4096, "total": 4194304}
    > {"command": "write", "parts": [{"offset": 0, "path": "..."}]}
    > {"command": "verify", "parts": [...]}
    > {"command": "restart"}

A command that failed is answered with `{"event": "failed", "kind": "...", "text": "..."}`; the kinds are in `KINDS` and
`kind_of`. Source: esptool's documentation, "Embedding into custom scripts".
"""

from contextlib import suppress
import errno
import json
import os
from pathlib import Path
import re
import sys
from typing import Any

from esptool.cmds import (
    attach_flash,
    detect_chip,
    detect_flash_size,
    read_flash,
    reset_chip,
    run_stub,
    verify_flash,
    write_flash,
)
from esptool.loader import ESPLoader
from esptool.logger import TemplateLogger, log
from esptool.util import FatalError, flash_size_bytes
from rich.errors import MarkupError
from rich.text import Text
from serial import SerialException

# The first pattern found in esptool's message says what to tell the user.
KINDS: tuple[tuple[str, str], ...] = (
    (r"Errno 2\b|No such file", "port_missing"),
    (r"Permission denied|Errno 13\b", "port_denied"),
    (r"busy|exclusively lock|Errno 11\b", "port_busy"),
    (r"Failed to connect|Wrong boot mode|Failed to start stub", "no_answer"),
    (r"will not fit", "too_large"),
    (r"is not an .* image|requires chip revision|does not contain", "wrong_chip"),
    (r"MD5 of file|Verification failed|flash region is empty", "verify"),
    (r"[Ss]ecure|encrypt", "secured"),
    (r"[Ff]lash chip connection", "flash_chip"),
    (r"[Nn]o serial data|stream stopped|transfer stopped|No more data", "lost"),
    (r"[Ss]erial noise|Invalid head|Response doesn't match", "lost"),
)


class Lines(TemplateLogger):
    """esptool's messages and progress as JSON lines."""

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Pass a message on."""
        self._say(" ".join(str(a) for a in args))

    def note(self, message: str) -> None:
        """Pass a note on."""
        self._say(f"Note: {message}")

    def warning(self, message: str) -> None:
        """Pass a warning on."""
        self._say(f"Warning: {message}")

    def error(self, message: str) -> None:
        """Pass an error on."""
        self._say(f"Error: {message}")

    def stage(self, finish: bool = False) -> None:
        """Nothing is collapsed here."""

    def progress_bar(
        self,
        cur_iter: int,
        total_iters: int,
        prefix: str = "",
        suffix: str = "",
        bar_length: int = 30,
    ) -> None:
        """Pass the progress of the running command on."""
        emit("progress", done=cur_iter, total=total_iters)

    def set_verbosity(self, verbosity: str) -> None:
        """Everything is passed on."""

    def _say(self, message: str) -> None:
        with suppress(MarkupError):
            message = Text.from_markup(message).plain
        for line in filter(None, map(str.strip, message.splitlines())):
            emit("log", text=line)


class Session:
    """The chip on the line, from `connect` on."""

    def __init__(self) -> None:
        """Start without one."""
        self.esp: ESPLoader = None

    def connect(self, port: str, stub: bool, baud: int) -> dict[str, Any]:
        """Bring the chip into its boot loader and say what it is."""
        path = os.path.realpath(port) if port.startswith("/") else port
        self.esp = detect_chip(path)
        info = {
            "chip": self.esp.CHIP_NAME,
            "description": self.esp.get_chip_description(),
            "mac": ":".join(f"{byte:02X}" for byte in self.esp.read_mac()),
            "secure_boot": bool(self.esp.get_secure_boot_enabled()),
            "encrypted": bool(self.esp.get_flash_encryption_enabled()),
        }
        # The ESP8266's ROM can neither read nor compare its flash.
        if stub or self.esp.CHIP_NAME == "ESP8266":
            self.esp = run_stub(self.esp)
            if baud != self.esp.get_baud():
                self.esp.change_baud(baud)
        attach_flash(self.esp)
        size = detect_flash_size(self.esp)
        return info | {"flash_size": flash_size_bytes(size) if size else None}

    def read(self, offset: int, size: int) -> dict[str, Any]:
        """Read a little of the flash."""
        data = read_flash(self.esp, offset, size, flash_size="keep", no_progress=True)
        return {"data": data.hex()}

    def backup(self, path: str, size: int) -> dict[str, Any]:
        """Read the whole flash into a file."""
        read_flash(self.esp, 0, size, output=path, flash_size="keep")
        return {}

    def write(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """Erase and write; esptool compares the MD5 sum of each part."""
        write_flash(self.esp, images(parts))
        return {}

    def verify(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """Compare all parts once more, now that none is written over another any more."""
        verify_flash(self.esp, images(parts))
        return {}

    def restart(self) -> dict[str, Any]:
        """Start what is in the flash."""
        reset_chip(self.esp, "hard-reset")
        self.close()
        return {}

    def close(self) -> None:
        """Close the port."""
        if self.esp is not None:
            with suppress(OSError, SerialException):
                self.esp.__exit__(None, None, None)


def images(parts: list[dict[str, Any]]) -> list[tuple[int, bytes]]:
    """Offsets and contents, in esptool's form."""
    return [(part["offset"], Path(part["path"]).read_bytes()) for part in parts]


def emit(event: str, **fields: Any) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps({"event": event} | fields) + "\n")
    sys.stdout.flush()


def kind_of(err: Exception) -> str:
    """What an error is, in the words of the app."""
    message = str(err)
    for pattern, kind in KINDS:
        if re.search(pattern, message):
            return kind
    if isinstance(err, OSError) and err.errno == errno.ENOSPC:
        return "no_space"
    if isinstance(err, (SerialException, OSError)):
        return "lost"
    return "chip" if isinstance(err, FatalError) else "internal"


def main() -> int:
    """Carry out commands until stdin ends."""
    log.set_logger(Lines())
    session = Session()
    commands = {
        "connect": session.connect,
        "read": session.read,
        "backup": session.backup,
        "write": session.write,
        "verify": session.verify,
        "restart": session.restart,
    }
    for line in sys.stdin:
        request = json.loads(line)
        try:
            emit("done", **commands[request.pop("command")](**request))
        except Exception as err:  # noqa: BLE001 - the app tells the user what happened, whatever it was
            emit("failed", kind=kind_of(err), text=str(err) or type(err).__name__)
    session.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
