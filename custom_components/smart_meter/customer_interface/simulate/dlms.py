"""Meters that push DLMS: a payload template, ciphered or not, in frames. The families' modules say which."""

from collections.abc import Callable, Mapping
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime
import hashlib

from ..line import LineSettings
from ..obis import ObisCode
from ..reading import MeterIdentity, Reading, Value
from . import axdr
from .cipher import AUTHENTICATED, Ciphering
from .house import House, Snapshot
from .meter import Plan, PushMeter, Telegram, unit_of, value

type Register = tuple[str, Callable[[int], bytes], int]
"""Reduced OBIS code, its A-XDR type, and the scaler of its number."""


@dataclass(frozen=True, slots=True)
class Names:
    """Who a meter says it is: meter number, COSEM logical device name, system title."""

    number: str
    title: bytes
    logical: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A plaintext APDU and what it says: values, clock and number as far as it holds them."""

    apdu: bytes
    values: Mapping[ObisCode, Value]
    time: datetime | None
    number: str | None


type Payload = Callable[[Snapshot, Names, int], Spoken]
type Framing = Callable[[bytes], list[bytes]]


def raw(snapshot: Snapshot, register: Register) -> bytes:
    """Return the A-XDR value of a register."""
    code, encode, scaler = register
    return encode(snapshot.raw(code, scaler))


def named(snapshot: Snapshot, register: Register) -> bytes:
    """Return a register as many meters list it: structure { code, value, {scaler, unit} }."""
    code, _, scaler = register
    return axdr.structure(
        axdr.obis(f"1-0:{code}"),
        raw(snapshot, register),
        axdr.scaler_unit(scaler, unit_of(code)[1]),
    )


def values(
    snapshot: Snapshot, registers: tuple[Register, ...], prefix: str = "1-0:"
) -> dict[ObisCode, Value]:
    """Return what these registers say, in plain units."""
    return {
        ObisCode.parse(prefix + code): value(snapshot, code, scaler)
        for code, _, scaler in registers
    }


@dataclass(slots=True)
class DlmsMeter(PushMeter):
    """One meter: names, payload, ciphering (None sends plain) and framing."""

    names: Names = field(kw_only=True)
    payload: Payload = field(kw_only=True)
    framing: Framing = field(kw_only=True)
    ciphering: Ciphering | None = None

    def compose(
        self, snapshot: Snapshot, counter: int, *, wrong_key: bool = False
    ) -> Telegram:
        """Write the APDU, seal it, put it into frames."""
        spoken = self.payload(snapshot, self.names, counter)
        reading = Reading(
            MeterIdentity(number=spoken.number), time=spoken.time, values=spoken.values
        )
        if self.ciphering is None:
            return Telegram(tuple(self.framing(spoken.apdu)), (reading,))
        key = hashlib.sha256(self.ciphering.key).digest()[:16] if wrong_key else None
        sealed = self.ciphering.seal(spoken.apdu, counter, key)
        return Telegram(
            tuple(self.framing(sealed)), (_secured(reading, self.ciphering, counter),)
        )


def _secured(reading: Reading, ciphering: Ciphering, counter: int) -> Reading:
    return replace(
        reading,
        meter=replace(
            reading.meter,
            title=ciphering.title.hex().upper(),
            manufacturer=ciphering.title[:3].decode("ascii"),
        ),
        encrypted=True,
        authenticated=bool(ciphering.control & AUTHENTICATED),
        counter=counter,
    )


def demo_key(*names: str) -> bytes:
    """Return the fixed key of a simulated meter: looks random, is the same every time, and secret to nobody."""
    return hashlib.sha256("/".join(("smart meter demo", *names)).encode()).digest()[:16]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the simulators' list: everything about a kind of meter but the household behind it."""

    line: str
    interval: float
    payload: Payload
    framing: Framing
    names: Callable[[int], Names]
    control: int | None = None
    """Security control byte, None where the meter sends plain."""
    keys: tuple[str, ...] = ("guek",)
    """Ids of the encryption key and, where there is one, of the authentication key."""
    authentication: bytes = b""
    """An authentication key that is the same for all meters, and public."""
    phases: int = 3
    standard_hours: int = 1

    def build(
        self, operator: str, meter: str, seed: int, plans: tuple[Plan, ...]
    ) -> DlmsMeter:
        """Make one meter; `seed` gives it a household and a number of its own."""
        names = self.names(seed)
        secrets = (
            {}
            if self.control is None
            else {i: demo_key(operator, meter, i) for i in self.keys}
        )
        return DlmsMeter(
            House(seed, self.phases, standard_hours=self.standard_hours),
            LineSettings.parse(self.line),
            self.interval,
            {name: secret.hex().upper() for name, secret in secrets.items()},
            plans,
            names=names,
            payload=self.payload,
            framing=self.framing,
            ciphering=self._ciphering(names, list(secrets.values())),
        )

    def _ciphering(self, names: Names, secrets: list[bytes]) -> Ciphering | None:
        if self.control is None:
            return None
        authentication = secrets[1] if len(secrets) > 1 else self.authentication
        return Ciphering(names.title, self.control, secrets[0], authentication)


def clock(
    snapshot: Snapshot, deviation: bytes | None = None, status: int | None = None
) -> bytes:
    """Return the meter's clock as the twelve bytes of date-time."""
    return axdr.date_time(snapshot.time, deviation, status)
