"""A chip as far as a flasher sees it: its ROM boot loader, esptool's stub, its flash, and Improv once it runs.

A request or reply is one SLIP frame (C0 ... C0, with C0 and DB escaped)::

    | 00 request, 01 reply | command | length (2) | checksum or value (4) | data (length) |

The reply's data end with the status: 2 bytes, and 2 reserved ones from the ROM. Source: esptool's documentation, "Serial
protocol". Written from it and from what esptool sends; no real chip was there to compare with.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
import hashlib
import os
from pathlib import Path
import select
import socket
import struct
import threading
import time
import tty
import zlib

from serial import rfc2217

from flasher import improv

FLASH_BEGIN, FLASH_DATA, FLASH_END = 0x02, 0x03, 0x04
MEM_BEGIN, MEM_END, MEM_DATA = 0x05, 0x06, 0x07
SYNC, WRITE_REG, READ_REG = 0x08, 0x09, 0x0A
SPI_SET_PARAMS, SPI_ATTACH, READ_FLASH_SLOW = 0x0B, 0x0D, 0x0E
CHANGE_BAUDRATE = 0x0F
DEFL_BEGIN, DEFL_DATA, DEFL_END = 0x10, 0x11, 0x12
SPI_FLASH_MD5, SECURITY_INFO, READ_FLASH = 0x13, 0x14, 0xD2

SECTOR = 0x1000
OK = b"\0\0"
ADD_LINK = "https://my.home-assistant.io/redirect/config_flow_start?domain=esphome"
MAC = bytes.fromhex("A0764E112233")
# Where the ROM of the older chips has a number of its own.
MAGIC = 0x40001000
# From the end of the reset to the moment the chip looks at its boot pin. The capacitor that makes it is larger than on
# real boards, because a serial server changes one line after the other, 50 ms apart.
BOOT_DELAY = 0.1


@dataclass(frozen=True, slots=True)
class Model:
    """What differs between chips: their identity, the registers of their flash, what is burnt into them."""

    chip_id: int | None
    spi: int
    usr2: int
    w0: int
    registers: dict[int, int]


MODELS = {
    "ESP32-C3": Model(
        5,
        spi=0x60002000,
        usr2=0x20,
        w0=0x58,
        registers={
            0x60008844: int.from_bytes(MAC[2:]),
            0x60008848: int.from_bytes(MAC[:2]),
            0x60008850: 4 << 18,  # minor revision
        },
    ),
    "ESP32": Model(
        None,
        spi=0x3FF42000,
        usr2=0x24,
        w0=0x80,
        registers={
            MAGIC: 0x00F01D83,
            0x3FF5A004: int.from_bytes(MAC[2:]),
            0x3FF5A008: int.from_bytes(MAC[:2]),
        },
    ),
    "ESP8266": Model(
        None,
        spi=0x60000200,
        usr2=0x24,
        w0=0x40,
        registers={
            MAGIC: 0xFFF0C101,
            0x3FF00050: MAC[5] << 24,
            0x3FF00054: int.from_bytes(MAC[3:5]),
            0x3FF0005C: int.from_bytes(MAC[:3]),
        },
    ),
}


class Unplugged(Exception):
    """The cable was pulled."""


class FakeChip:
    """The chip and its flash; bytes in, bytes out."""

    def __init__(self, model: str = "ESP32-C3", size: int = 0x400000) -> None:
        """Its flash is erased."""
        self.flash = bytearray(b"\xff" * size)
        self.model = MODELS[model]
        self.chip_id = self.model.chip_id
        self.mode = "app"
        self.holds_boot_button = True
        self.encrypted = False
        self.cut_at: tuple[int, int] | None = None
        self.bad_byte: int | None = None
        self.hang_at: int | None = None
        self.before: Callable[[int], None] = lambda op: None
        self.counts: Counter[int] = Counter()
        self.restarts = 0
        self.wifi: tuple[str, ...] | None = None
        self.wifi_password = "wave to the meter"
        self.improv = True
        self._registers: dict[int, int] = {}
        self._pins = (False, False)
        self._rising: float | None = None
        self._reset()

    @property
    def size(self) -> int:
        """Bytes of flash."""
        return len(self.flash)

    def _reset(self) -> None:
        self._slip: bytearray | None = None
        self._stub = False
        self._writing: tuple[int, int] = (0, 0)
        self._inflate = zlib.decompressobj()
        self._stream: list[bytes] | None = None
        self._improv = improv.Decoder()
        self._registers.clear()

    # --- how it starts ---

    def power_cycle(self) -> None:
        """Start what is in the flash."""
        self._reset()
        self.mode = "app"
        self.restarts += 1

    def pins(self, dtr: bool, rts: bool) -> None:
        """The two control lines, over the usual two transistors: RTS alone holds reset, DTR alone the boot pin."""
        was_reset = self._pins == (False, True)
        self._pins = (dtr, rts)
        if was_reset and self._pins != (False, True):
            self._rising = time.monotonic()
        if self._pins == (False, True):
            self._reset()
            self.mode, self._rising = "reset", None

    def tick(self) -> None:
        """Look at the boot pin when its time has come."""
        if self._rising is not None and time.monotonic() - self._rising > BOOT_DELAY:
            self._rising = None
            self.restarts += 1
            self.mode = "rom" if self._pins == (True, False) else "app"

    # --- bytes ---

    def feed(self, data: bytes) -> bytes:
        """What the chip answers."""
        if self.mode == "app":
            self._press_boot_button(data)
        if self.mode == "app":
            return self._application(data)
        return (
            b"".join(self._frame(bytes(f)) for f in self._frames(data))
            if self.mode == "rom"
            else b""
        )

    def _press_boot_button(self, data: bytes) -> None:
        """Stand in for the control lines where there are none, as on a pseudo terminal."""
        if self.holds_boot_button and b"\xc0\x00\x08\x24\x00" in data:
            self._reset()
            self.mode = "rom"

    def _frames(self, data: bytes) -> list[bytes]:
        frames = []
        for byte in data:
            if byte == 0xC0:
                if self._slip:
                    frames.append(unescape(bytes(self._slip)))
                self._slip = bytearray()
            elif self._slip is not None:
                self._slip.append(byte)
        return frames

    def _frame(self, frame: bytes) -> bytes:
        if self._stream is not None:
            return self._acknowledged(frame)
        if len(frame) < 8 or frame[0] != 0:
            return b""
        op, _, checksum = struct.unpack("<BHI", frame[1:8])
        self.counts[op] += 1
        self.before(op)
        if self.cut_at == (op, self.counts[op]):
            raise Unplugged
        if self.hang_at == op:
            return b""
        return self._command(op, checksum, frame[8:])

    def _command(self, op: int, checksum: int, data: bytes) -> bytes:
        handler = {
            SYNC: self._sync,
            READ_REG: self._read_reg,
            WRITE_REG: self._write_reg,
            SECURITY_INFO: self._security_info,
            MEM_END: self._mem_end,
            FLASH_BEGIN: self._flash_begin,
            FLASH_DATA: self._flash_data,
            DEFL_BEGIN: self._flash_begin,
            DEFL_DATA: self._defl_data,
            SPI_FLASH_MD5: self._md5,
            READ_FLASH_SLOW: self._read_slow,
            READ_FLASH: self._read_flash,
        }.get(op)
        if op in (FLASH_DATA, DEFL_DATA, MEM_DATA) and xor(data[16:]) != checksum:
            return self._reply(op, status=b"\x01\x07")
        if handler is None:
            return self._reply(op)
        return handler(op, data)

    def _reply(
        self, op: int, *, value: int = 0, data: bytes = b"", status: bytes = OK
    ) -> bytes:
        body = data + status + (b"" if self._stub else OK)
        return slip(struct.pack("<BBHI", 1, op, len(body), value) + body)

    # --- commands ---

    def _sync(self, op: int, data: bytes) -> bytes:
        return self._reply(op, value=0 if self._stub else 0x20120707) * 8

    def _read_reg(self, op: int, data: bytes) -> bytes:
        (address,) = struct.unpack("<I", data)
        burnt = self.model.registers | {0x60008834: (1 << 18) if self.encrypted else 0}
        return self._reply(
            op, value=burnt.get(address, self._registers.get(address, 0))
        )

    def _write_reg(self, op: int, data: bytes) -> bytes:
        address, value = struct.unpack("<II", data[:8])
        self._registers[address] = value
        if address == self.model.spi and value & 1 << 18:
            self._registers[self.model.spi] = 0
            self._registers[self.model.spi + self.model.w0] = self._spi_command()
        return self._reply(op)

    def _spi_command(self) -> int:
        match self._registers.get(self.model.spi + self.model.usr2, 0) & 0xFF:
            case 0x9F:
                return self.size.bit_length() - 1 << 16 | 0x40 << 8 | 0xC8
            case 0x5A if self._registers.get(self.model.spi + 4, 0) == 0:
                return 0x50444653
        return 0

    def _security_info(self, op: int, data: bytes) -> bytes:
        if self.chip_id is None:
            return self._reply(op, status=b"\x01\x05")
        return self._reply(
            op, data=struct.pack("<IB7sII", 0, 0, bytes(7), self.chip_id, 0)
        )

    def _mem_end(self, op: int, data: bytes) -> bytes:
        reply = self._reply(op)
        self._stub = True
        return reply + slip(b"OHAI")

    def _flash_begin(self, op: int, data: bytes) -> bytes:
        erase, _, block_size, offset = struct.unpack("<IIII", data[:16])
        if offset + erase > self.size:
            return self._reply(op, status=b"\x01\x05")
        first, last = offset // SECTOR * SECTOR, -(-(offset + erase) // SECTOR) * SECTOR
        self.flash[first:last] = b"\xff" * (last - first)
        self._writing = (offset, block_size)
        self._inflate = zlib.decompressobj()
        return self._reply(op)

    def _flash_data(self, op: int, data: bytes) -> bytes:
        length, sequence = struct.unpack("<II", data[:8])
        offset, block_size = self._writing
        self._program(offset + sequence * block_size, data[16 : 16 + length])
        return self._reply(op)

    def _defl_data(self, op: int, data: bytes) -> bytes:
        offset, block_size = self._writing
        content = self._inflate.decompress(data[16:])
        self._program(offset, content)
        self._writing = (offset + len(content), block_size)
        return self._reply(op)

    def _program(self, offset: int, content: bytes) -> None:
        """Flash can only clear bits."""
        old = self.flash[offset : offset + len(content)]
        self.flash[offset : offset + len(content)] = bytes(
            a & b for a, b in zip(old, content, strict=True)
        )
        if self.bad_byte is not None and offset <= self.bad_byte < offset + len(
            content
        ):
            self.flash[self.bad_byte] ^= 0x01

    def _md5(self, op: int, data: bytes) -> bytes:
        offset, size = struct.unpack("<II", data[:8])
        digest = hashlib.md5(self.flash[offset : offset + size], usedforsecurity=False)
        return self._reply(
            op, data=digest.digest() if self._stub else digest.hexdigest().encode()
        )

    def _read_slow(self, op: int, data: bytes) -> bytes:
        offset, size = struct.unpack("<II", data)
        return self._reply(
            op, data=bytes(self.flash[offset : offset + size]).ljust(64, b"\0")
        )

    def _read_flash(self, op: int, data: bytes) -> bytes:
        offset, size, block, _ = struct.unpack("<IIII", data)
        content = bytes(self.flash[offset : offset + size])
        self._stream = [content[i : i + block] for i in range(0, size, block)]
        self._stream.append(hashlib.md5(content, usedforsecurity=False).digest())
        return self._reply(op) + slip(self._stream.pop(0))

    def _acknowledged(self, frame: bytes) -> bytes:
        assert self._stream is not None
        part = self._stream.pop(0)
        if not self._stream:
            self._stream = None
        return slip(part)

    # --- the application ---

    def _application(self, data: bytes) -> bytes:
        if not self.improv or self.flash[0x10000] != 0xE9:
            return b""
        return b"".join(self._improv_reply(p) for p in self._improv.feed(data))

    def _improv_reply(self, packet: improv.Packet) -> bytes:
        asked = improv.result(improv.Packet(improv.Type.RESULT, packet.data))
        noise = b"[I][wifi:303]: WiFi\r\n"
        if asked is None:
            return noise + state(
                improv.State.PROVISIONED if self.wifi else improv.State.AUTHORIZED
            )
        match asked.command:
            case improv.Command.WIFI_SETTINGS:
                return noise + self._join(asked.texts)
            case improv.Command.DEVICE_INFO:
                return answer(
                    3, "Smart Meter dongle", "1.1.0", "ESP32-C3", "smart-meter-112233"
                )
        reply = state(
            improv.State.PROVISIONED if self.wifi else improv.State.AUTHORIZED
        )
        return noise + reply + (answer(2, "http://192.0.2.7") if self.wifi else b"")

    def _join(self, texts: tuple[str, ...]) -> bytes:
        if texts[1] != self.wifi_password:
            return state(3) + improv.encode(improv.Type.ERROR, b"\x03") + state(2)
        self.wifi = texts
        return state(3) + state(4) + answer(1, ADD_LINK, "http://192.0.2.7")


def state(value: int) -> bytes:
    """An Improv packet with the current state."""
    return improv.encode(improv.Type.STATE, bytes((value,)))


def answer(command: int, *texts: str) -> bytes:
    """An Improv packet with the result of a command."""
    fields = b"".join(bytes((len(t),)) + t.encode() for t in texts)
    return improv.encode(improv.Type.RESULT, bytes((command, len(fields))) + fields)


def slip(frame: bytes) -> bytes:
    """A SLIP frame."""
    return (
        b"\xc0"
        + frame.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        + b"\xc0"
    )


def unescape(frame: bytes) -> bytes:
    """What is in a SLIP frame."""
    return frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")


def xor(data: bytes) -> int:
    """The checksum of the blocks that are written."""
    check = 0xEF
    for byte in data:
        check ^= byte
    return check


class Runner:
    """Runs a chip in a thread of its own."""

    def __init__(self, chip: FakeChip) -> None:
        """`chip` may be looked at and changed at any time."""
        self.chip = chip
        self.plugged = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take the chip away."""
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        raise NotImplementedError


class Pty(Runner):
    """The chip on a pseudo terminal, which has no control lines: closing it restarts the chip, SYNC its boot loader."""

    def __init__(self, chip: FakeChip, path: Path) -> None:
        """`path` is where the terminal is found while the cable is plugged in."""
        self.path = path
        self._plug()
        super().__init__(chip)

    def _plug(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        name = os.ttyname(slave)
        os.close(slave)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(name)

    def unplug(self) -> None:
        """Pull the cable."""
        self.plugged = False
        self.path.unlink(missing_ok=True)
        os.close(self._master)

    def _run(self) -> None:
        used = False
        while not self._stop.is_set() and self.plugged:
            try:
                if not select.select([self._master], [], [], 0.05)[0]:
                    continue
                data = os.read(self._master, 65536)
            except OSError:  # nobody has the terminal open
                if used:
                    self.chip.power_cycle()
                    used = False
                time.sleep(0.005)
                continue
            used = True
            self._answer(data)
        if self.plugged:
            self.unplug()

    def _answer(self, data: bytes) -> None:
        try:
            reply = self.chip.feed(data)
            while reply:
                reply = reply[os.write(self._master, reply) :]
        except Unplugged:
            self.unplug()
        except OSError:
            pass


class Lines:
    """The side of a serial server that is the line: settings nobody checks, and the two pins of the chip."""

    def __init__(self, chip: FakeChip) -> None:
        """Start with both pins released."""
        self._chip = chip
        self._dtr = self._rts = False
        self.cts = self.dsr = self.cd = True
        self.ri = self.break_condition = False
        self.baudrate, self.bytesize, self.parity, self.stopbits = 115200, 8, "N", 1
        self.xonxoff = self.rtscts = False

    @property
    def dtr(self) -> bool:
        """The boot pin's half."""
        return self._dtr

    @dtr.setter
    def dtr(self, value: bool) -> None:
        self._dtr = value
        self._chip.pins(self._dtr, self._rts)

    @property
    def rts(self) -> bool:
        """The reset pin's half."""
        return self._rts

    @rts.setter
    def rts(self, value: bool) -> None:
        self._rts = value
        self._chip.pins(self._dtr, self._rts)

    def reset_input_buffer(self) -> None:
        """Nothing waits here."""

    def reset_output_buffer(self) -> None:
        """Nothing waits here."""


class Rfc2217(Runner):
    """The chip on a serial server, whose control lines reach it."""

    def __init__(self, chip: FakeChip) -> None:
        """Listens on a free port of this machine."""
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.url = f"rfc2217://127.0.0.1:{self._server.getsockname()[1]}"
        chip.holds_boot_button = False
        super().__init__(chip)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            with client:
                self._serve(client)
        self._server.close()

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lock = threading.Lock()

        class Connection:
            """What the port manager writes its own replies to."""

            @staticmethod
            def write(data: bytes) -> None:
                with lock:
                    client.sendall(data)

        manager = rfc2217.PortManager(Lines(self.chip), Connection())
        while not self._stop.is_set():
            self.chip.tick()
            if not select.select([client], [], [], 0.005)[0]:
                continue
            try:
                if not (data := client.recv(65536)):
                    return
                payload = b"".join(manager.filter(data))
                self.chip.tick()
                reply = self.chip.feed(payload) if payload else b""
                Connection.write(b"".join(manager.escape(reply)))
            except Unplugged, OSError:
                return
