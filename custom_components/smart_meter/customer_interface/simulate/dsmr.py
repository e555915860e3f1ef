r"""Meters that push DSMR text on a P1 socket, in clear or inside one ciphered APDU without any link layer.

    / X X X 5 identification CR LF CR LF   code(value*unit) CR LF ...   ! CRC CR LF        115200 8N1, inverted
    DB | 08 | system title | length | 30 | frame counter | that text, encrypted | tag      Sagemcom in Styria, Luxembourg
    / X X X 5 identification CR LF CR LF
    00 | length | 30 | frame counter | the lines, encrypted | tag | ! CRC-16/X-25 CR LF    Poland

DSMR P1 Companion Standard 5.0.2; Smarty P1 specification 1.0; e-MUCS P1 (Fluvius).
"""

from collections.abc import Callable, Iterable, Mapping
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
import hashlib

from ..checksum import crc16_arc, crc16_x25
from ..line import LineSettings
from ..obis import ObisCode
from ..reading import LogEntry, MeterIdentity, Reading, Value
from ..units import scaled
from .cipher import Ciphering
from .dlms import demo_key
from .house import FIRST_MONDAY, QUARTER, House, Snapshot
from .meter import Plan, PushMeter, Telegram, unit_of


@dataclass(frozen=True, slots=True)
class Moment:
    """What a telegram is written from: the household, what its meter knows now, the meter's number."""

    house: House
    snapshot: Snapshot
    number: str

    @property
    def at(self) -> float:
        """Seconds since the epoch."""
        return self.snapshot.time.timestamp()

    def stamp(self, when: datetime | None = None) -> str:
        """Write YYMMDDhhmmss and S or W for summer or winter; now without `when`."""
        shown = when or self.snapshot.time
        standard = timedelta(hours=self.house.standard_hours)
        return f"{shown:%y%m%d%H%M%S}{'W' if shown.utcoffset() == standard else 'S'}"


@dataclass(frozen=True, slots=True)
class Said:
    """A line of text and what it says; `channel` is the M-Bus channel it is about, 0 for the meter itself."""

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)
    channel: int = 0
    number: str | None = None
    medium: str | None = None
    time: datetime | None = None


type Line = Callable[[Moment], Said]


def fixed(
    text: str, number: int | None = None, unit: str | None = None, channel: int = 0
) -> Line:
    """A line that is always the same; `number` with its plain unit where it says one."""
    values = {} if number is None else {text.partition("(")[0]: Value(number, unit)}
    return lambda moment: Said(text, values, channel)


def clock(moment: Moment) -> Said:
    """0-0:1.0.0, the meter's clock."""
    return Said(f"0-0:1.0.0({moment.stamp()})", time=moment.snapshot.time)


def number(code: str, *, hexadecimal: bool = True) -> Line:
    """The meter's number, as hexadecimal ASCII codes where the standard wants it so."""
    return lambda moment: Said(
        f"{code}({moment.number.encode().hex().upper() if hexadecimal else moment.number})",
        number=moment.number,
    )


def register(
    code: str, whole: int, decimals: int = 0, *, kilo: bool = False, star: str = "*"
) -> Line:
    """A measured value with `whole` digits before the point; `kilo` prints kWh, kW, kvarh, kvar."""
    return partial(_register, code, whole, decimals, kilo, star)


def _register(
    code: str, whole: int, decimals: int, kilo: bool, star: str, moment: Moment
) -> Said:
    exponent = (3 if kilo else 0) - decimals
    raw = moment.snapshot.raw(code, exponent)
    unit = unit_of(code)[0]
    shown = f"{star}{'k' if kilo else ''}{unit}" if unit else ""
    return Said(
        f"1-0:{code}({point(raw, whole, decimals)}{shown})",
        {f"1-0:{code}": Value(scaled(raw, exponent), unit)},
    )


def thousandths(code: str) -> Line:
    """A power factor in thousandths, without point or unit."""
    return partial(_thousandths, code)


def _thousandths(code: str, moment: Moment) -> Said:
    raw = moment.snapshot.raw(code, -3)
    return Said(f"1-0:{code}({raw:05d})", {f"1-0:{code}": Value(scaled(raw, -3), None)})


def point(raw: int, whole: int, decimals: int) -> str:
    """Write an integer with leading zeros and a decimal point `decimals` digits from its end."""
    digits = f"{raw:0{whole + decimals}d}"
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def registers(
    codes: Iterable[str], whole: int, decimals: int = 0, *, kilo: bool = False
) -> tuple[Line, ...]:
    """Several measured values in the same format."""
    return tuple(register(code, whole, decimals, kilo=kilo) for code in codes)


@dataclass(frozen=True, slots=True)
class SubMeter:
    """A meter on an M-Bus channel behind the P1 meter: what it counts per hour, in thousandths of its unit."""

    channel: int
    device: int  # EN 13757-3 device type: 3 gas, 4 heat, 7 water
    medium: str
    number: str
    hourly: int
    unit: str = "m3"
    code: str = "24.2.1"
    plain: tuple[str, int] = ("m³", 0)

    def type_line(self, moment: Moment) -> Said:
        """Device type."""
        return Said(
            f"0-{self.channel}:24.1.0({self.device:03d})",
            {f"0-{self.channel}:24.1.0": Value(self.device)},
            self.channel,
            None,
            self.medium,
        )

    def number_line(self, code: str = "96.1.0") -> Line:
        """Number, as hexadecimal ASCII codes."""
        text = f"0-{self.channel}:{code}({self.number.encode().hex().upper()})"
        return lambda moment: Said(text, {}, self.channel, self.number, self.medium)

    def value_line(self, moment: Moment) -> Said:
        """The value of the last full five minutes, with its own time."""
        return self._said(
            moment, self._minute(moment), "0-{c}:{code}({stamp})({value}*{unit})"
        )

    def old_value_line(self, moment: Moment) -> Said:
        """DSMR 2.2 and 3: time first, the value on a line of its own."""
        return self._said(
            moment,
            self._minute(moment).replace(tzinfo=None),
            "0-{c}:24.3.0({old})(00)(60)(1)(0-{c}:24.2.1)({unit})\r\n({value})",
        )

    def _minute(self, moment: Moment) -> datetime:
        when = moment.snapshot.time.replace(second=0)
        return when - timedelta(minutes=when.minute % 5)

    def _said(self, moment: Moment, said_at: datetime, pattern: str) -> Said:
        when = self._minute(moment)
        raw = int((when.timestamp() - FIRST_MONDAY) * self.hourly) // 3600
        unit, exponent = self.plain
        text = pattern.format(
            c=self.channel,
            code=self.code,
            stamp=moment.stamp(when),
            old=f"{when:%y%m%d%H%M%S}",
            value=point(raw, 5, 3),
            unit=self.unit,
        )
        value = Value(scaled(raw, exponent - 3), unit, time=said_at)
        values = {f"0-{self.channel}:{self.code}": value}
        if said_at.tzinfo is None:
            entry = LogEntry(said_at, value.value, value.unit)
            values[f"0-{self.channel}:24.3.0"] = Value(None, log=(entry,))
        return Said(text, values, self.channel, None, self.medium)


def current_demand(moment: Moment) -> Said:
    """1-0:1.4.0, the average of the running quarter hour in kW."""
    begun = moment.at - moment.at % QUARTER
    raw = moment.house.quarter(begun, moment.at) // 1000
    return Said(f"1-0:1.4.0({point(raw, 2, 3)}*kW)", {"1-0:1.4.0": Value(raw, "W")})


def peak_demand(moment: Moment) -> Said:
    """1-0:1.6.0, the highest quarter hour of this month."""
    raw, when = _peak(moment, _month(moment, moment.snapshot.time), moment.at)
    return Said(
        f"1-0:1.6.0({moment.stamp(when)})({point(raw, 2, 3)}*kW)",
        {"1-0:1.6.0": Value(raw, "W", time=when)},
    )


def peak_history(moment: Moment) -> Said:
    """0-0:98.1.0, the highest quarter hours of the last two months, each with the month's end and its own time."""
    end, entries, text = _month(moment, moment.snapshot.time), [], ""
    for _ in range(2):
        begin = _month(moment, end - timedelta(days=1))
        raw, when = _peak(moment, begin, end.timestamp())
        text += f"({moment.stamp(end)})({moment.stamp(when)})({point(raw, 2, 3)}*kW)"
        entries.append(LogEntry(when, raw, "W"))
        end = begin
    return Said(
        f"0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0){text}",
        {"0-0:98.1.0": Value(None, log=tuple(entries))},
    )


def _month(moment: Moment, when: datetime) -> datetime:
    """Return the month's first midnight, which may lie on the other side of a change of the clocks."""
    noon = when.replace(day=1, hour=12, minute=0, second=0)
    return moment.house.at(noon.timestamp()).time.replace(hour=0)


def _peak(moment: Moment, begin: datetime, end: float) -> tuple[int, datetime]:
    """The week repeats: the last of its days in the month are enough to look at."""
    raw, at = moment.house.peak(max(begin.timestamp(), end - 7 * 86_400), end)
    return raw // 1000, moment.house.at(at).time


def power_failures(moment: Moment) -> Said:
    """1-0:99.97.0, the log of long power failures; a single one that never changes."""
    when = moment.house.at(FIRST_MONDAY + 123_456_789).time
    return Said(
        f"1-0:99.97.0(1)(0-0:96.7.19)({moment.stamp(when)})(0000002014*s)",
        {"1-0:99.97.0": Value(None, log=(LogEntry(when, 2014, "s"),))},
    )


type Cipher = Callable[[Ciphering, bytes, int, bytes | None], bytes]
"""Encrypts a text with a frame counter, and maybe another key than the meter's own."""


def whole(ciphering: Ciphering, text: bytes, counter: int, key: bytes | None) -> bytes:
    """The text inside an APDU without link layer."""
    return ciphering.seal(text, counter, key)


def poland(ciphering: Ciphering, text: bytes, counter: int, key: bytes | None) -> bytes:
    """The lines inside a cipher, which stands in their place without its tag and title; the checksum is another one."""
    header, _, rest = text.partition(b"\r\n\r\n")
    apdu = ciphering.seal(rest.rpartition(b"!")[0], counter, key)
    untitled = apdu[2 + len(ciphering.title) :]
    telegram = header + b"\r\n\r\n\0" + untitled + b"!"
    checksum = crc16_x25(telegram).to_bytes(2, "little").hex().upper()
    return telegram + checksum.encode() + b"\r\n"


@dataclass(slots=True)
class TextMeter(PushMeter):
    """A meter that writes lines; `checksum` False is DSMR 2.2 and 3, `ciphering` is used on the text by `cipher`."""

    header: str = field(kw_only=True)
    number: str = field(kw_only=True)
    lines: tuple[Line, ...] = field(kw_only=True)
    checksum: bool = True
    ciphering: Ciphering | None = None
    cipher: Cipher = whole

    def compose(
        self, snapshot: Snapshot, counter: int, *, wrong_key: bool = False
    ) -> Telegram:
        """Write all lines, add the checksum, encrypt where the operator wants it."""
        moment = Moment(self.house, snapshot, self.number)
        said = [line(moment) for line in self.lines]
        text = "\r\n".join((self.header, "", *(s.text for s in said), "!")).encode(
            "ascii"
        )
        text += (f"{crc16_arc(text):04X}" if self.checksum else "").encode() + b"\r\n"
        readings = _readings(said)
        if self.ciphering is None:
            return Telegram((text,), readings)
        key = hashlib.sha256(self.ciphering.key).digest()[:16] if wrong_key else None
        return Telegram(
            (self.cipher(self.ciphering, text, counter, key),),
            tuple(
                self._secured(reading, self.ciphering, counter) for reading in readings
            ),
        )

    def _secured(self, reading: Reading, ciphering: Ciphering, counter: int) -> Reading:
        """A title of zeros is none; whoever has no authentication key cannot verify the tag."""
        title = ciphering.title.hex().upper() if any(ciphering.title) else None
        meter = (
            reading.meter
            if reading.meter.channel
            else replace(reading.meter, title=title)
        )
        return replace(
            reading,
            meter=meter,
            encrypted=True,
            authenticated=bool(ciphering.authentication),
            counter=counter,
        )


def _readings(said: list[Said]) -> tuple[Reading, ...]:
    """One reading for each channel that says anything, the meter's own first."""
    return tuple(
        _reading(channel, said) for channel in sorted({s.channel for s in said})
    )


def _reading(channel: int, said: list[Said]) -> Reading:
    """The time of a meter behind the meter is that of its value."""
    own = [s for s in said if s.channel == channel]
    values = {
        ObisCode.parse(code): value for s in own for code, value in s.values.items()
    }
    times = [v.time for v in values.values()] if channel else [s.time for s in own]
    return Reading(
        MeterIdentity(
            number=next((s.number for s in own if s.number), None),
            medium=next((s.medium for s in own if s.medium), None),
            channel=channel,
        ),
        time=next((t for t in times if t), None),
        values=values,
    )


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row of the simulators' list."""

    header: str
    lines: tuple[Line, ...]
    number: str = "E00{seed:014d}"
    line: str = "115200 8N1"
    interval: float = 1
    checksum: bool = True
    title: bytes | None = None
    """System title without its last three bytes, or all of it; None where the text is sent in clear."""
    cipher: Cipher = whole
    keys: tuple[str, ...] = ("guek", "gak")
    authentication: bytes = b""
    """An authentication key that is the same for all meters, and public."""
    phases: int = 3
    standard_hours: int = 1

    def build(
        self, operator: str, meter: str, seed: int, plans: tuple[Plan, ...]
    ) -> TextMeter:
        """Make one meter; `seed` gives it a household and a number of its own."""
        secrets = (
            {i: demo_key(operator, meter, i) for i in self.keys} if self.title else {}
        )
        return TextMeter(
            House(seed, self.phases, standard_hours=self.standard_hours),
            LineSettings.parse(self.line),
            self.interval,
            {name: secret.hex().upper() for name, secret in secrets.items()},
            plans,
            header=self.header,
            number=self.number.format(seed=seed),
            lines=self.lines,
            checksum=self.checksum,
            ciphering=self._ciphering(seed, list(secrets.values())),
            cipher=self.cipher,
        )

    def _ciphering(self, seed: int, secrets: list[bytes]) -> Ciphering | None:
        if self.title is None:
            return None
        authentication = secrets[1] if len(secrets) > 1 else self.authentication
        return Ciphering(
            (self.title + seed.to_bytes(3, "big"))[:8],
            0x30,
            secrets[0],
            authentication,
        )
