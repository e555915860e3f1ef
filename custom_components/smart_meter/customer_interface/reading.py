"""The words everybody shares: frames and messages on their way up, readings and faults at the end.

What every telegram makes by the dozen is a named tuple, which is made in half the time of a frozen dataclass.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
import re
from types import MappingProxyType

from .named import NamedTuple
from .obis import ObisCode
from .units import Number

# A logical device name of IDIS form, and the least digits a serial number at its end has.
IDIS_NAME = r"[A-Z]{3}[0-9]{13}"
SERIAL_NUMBER = 8
# How far winter time is ahead of UTC where most of these meters are.
CENTRAL_EUROPE = timedelta(hours=1)


class FaultKind(StrEnum):
    """What can go wrong between the wire and a value; each has its own words for the user."""

    CHECKSUM = "checksum"  # a frame whose checksum does not fit
    NOISE = "noise"  # bytes that belong to no frame
    TRUNCATED = "truncated"  # a frame or telegram of which a part is missing
    KEY = "key"  # no key, or none of the keys opens it
    AUTHENTICATION = "authentication"  # the tag or MAC does not fit though the key may
    REPLAY = "replay"  # a frame counter that was there before
    UNSUPPORTED = "unsupported"  # understood, but refused: the detail says why
    LAYOUT = "layout"  # decoded, but nothing known says what the values mean
    IMPLAUSIBLE = "implausible"  # values that cannot be
    INACTIVE = (
        "inactive"  # the meter sends, but its customer interface is not activated
    )
    LINE = "line"  # line settings or port
    SILENCE = "silence"  # nothing arrives any more
    PROTECTION = "protection"  # weaker protected than the user expects


class Protection(IntEnum):
    """How a telegram is protected, the weakest first."""

    NONE = 0
    ENCRYPTED = 1
    AUTHENTICATED = 2  # encrypted, and its tag or MAC was verified


class MeterIdentity(NamedTuple):
    """Who a reading is from; each part None where the telegram does not say.

    `number` is the meter number as printed on the meter, `title` the DLMS system title as 16 upper-case hex digits,
    `manufacturer` three letters (FLAG), `address` the M-Bus or wireless address as upper-case hex, `medium` one of the
    words of `media.MEDIA` (`electricity`, `gas`, `water`, `heat`, `heat_cost_allocator`, ...), `version` the M-Bus
    version byte, `channel` the OBIS value group B of a sub-meter behind another meter.
    """

    number: str | None = None
    manufacturer: str | None = None
    title: str | None = None
    address: str | None = None
    medium: str | None = None
    version: int | None = None
    channel: int = 0

    @property
    def key(self) -> str | None:
        """The name this meter is known by: number, else system title, else address with manufacturer."""
        if self.number or self.title:
            return self.number or self.title
        return f"{self.manufacturer or ''}{self.address}" if self.address else None

    def has_number(self, number: str | None) -> bool:
        """Tell whether a number is this meter's: as it is, or as the serial number its logical device name ends with.

        A logical device name of IDIS form is three letters and 13 digits, of which the last are the serial number
        (Iskraemeco AM550 in Slovenia sends the one every second and the other every quarter of an hour).
        """
        numbers = sorted((self.number or "", number or ""), key=len)
        return numbers[0] == numbers[1] or bool(
            len(numbers[0]) >= SERIAL_NUMBER
            and numbers[0].isdecimal()
            and re.fullmatch(IDIS_NAME, numbers[1])
            and numbers[1].endswith(numbers[0])
        )


class Fault(NamedTuple):
    """Something that did not become a value, in English for logs; the kind is what is translated.

    Holds no key and no value. `cause` is a word of its own for what a session found out about wires and ports; it is
    translated where the kind alone says too little. `code` names the value that was withheld.
    """

    kind: FaultKind
    detail: str
    meter: MeterIdentity | None = None
    cause: str | None = None
    code: ObisCode | None = None


NOBODY = MeterIdentity()

type Scalar = Number | str | bool | datetime | date | time | None


class LogEntry(NamedTuple):
    """One line of a log a meter keeps: a power failure, a monthly peak."""

    time: datetime | None
    value: Scalar
    unit: str | None = None


class Value(NamedTuple):
    """One value in its plain unit (units.py); None is a value the meter says it has not.

    `time` is the value's own time where it has one (gas behind a P1 meter); `log` is filled for logs only.
    """

    value: Scalar
    unit: str | None = None
    time: datetime | None = None
    log: tuple[LogEntry, ...] | None = None


class RecordFunction(StrEnum):
    """Function field of an M-Bus record (EN 13757-3, table 4)."""

    INSTANTANEOUS = "instantaneous"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    ERROR = "error"


class Record(NamedTuple):
    """One M-Bus data record in telegram order; `code` is its OBIS code where EN 13757-1 or an operator gives it one.

    `quantity` is a stable snake_case word (`volume`, `energy`, `flow_temperature`), `qualifiers` what orthogonal VIFEs
    add (`backward_flow`, `phase_l1`, `at_limit`, ...), in telegram order.
    """

    quantity: str
    value: Scalar
    unit: str | None = None
    function: RecordFunction = RecordFunction.INSTANTANEOUS
    storage: int = 0
    tariff: int = 0
    subunit: int = 0
    qualifiers: tuple[str, ...] = ()
    code: ObisCode | None = None
    raw: str = ""


NO_VALUES: Mapping[ObisCode, Value] = MappingProxyType({})


class Reading(NamedTuple):
    """All a telegram says about one meter, from a frame whose checks all passed.

    `time` is the meter's clock, aware where the telegram gives the offset, `arrived` the arrival of its last byte in
    seconds since the epoch (UTC). `authenticated` is True only after a tag or MAC was verified. `counter` is the frame
    counter, `key_index` the position in the key ring of the key that opened it, `authentication_index` that of the
    authentication key its tag was made with. `check_bits` is the strength of the weakest check that covers every byte: 16
    for a CRC, 8 for a sum, 96 for a GCM tag, 0 for none. `signal_dbm` is how strong a radio telegram came in. `status` is
    the status byte of an M-Bus header (EN 13757-7, 7.5.6: bit 2 power low, 3 permanent error, 4 temporary error).
    """

    meter: MeterIdentity = NOBODY
    time: datetime | None = None
    values: Mapping[ObisCode, Value] = NO_VALUES
    records: tuple[Record, ...] = ()
    authenticated: bool = False
    counter: int | None = None
    encrypted: bool = False
    key_index: int | None = None
    authentication_index: int | None = None
    check_bits: int = 0
    arrived: float | None = None
    signal_dbm: int | None = None
    status: int | None = None

    @property
    def protection(self) -> Protection:
        """How the telegram was protected."""
        if not self.encrypted:
            return Protection.NONE
        return Protection.AUTHENTICATED if self.authenticated else Protection.ENCRYPTED


class Link(StrEnum):
    """The link layers frames come from."""

    MBUS = "mbus"  # EN 13757-2, wired
    HDLC = "hdlc"  # IEC 62056-46 frame type 3
    P1 = "p1"  # DSMR text
    BARE = "bare"  # an APDU that starts with DB, without any link layer
    WMBUS = "wmbus"  # EN 13757-4
    MEP = "mep"  # NES multipurpose expansion port
    SML = "sml"  # SML transport 1.04


class Frame(NamedTuple):
    """One link-layer frame whose checksum fits, without its envelope.

    `control` is the C or control field, `address` the address field(s) as on the wire (one byte for wired M-Bus,
    manufacturer, id, version and type for wireless M-Bus, destination and source for HDLC), `payload` what follows
    (from CI on for M-Bus, the information field for HDLC, the whole text or the ciphered APDU for P1). `more` is HDLC's
    segmentation bit. `check_bits` is the strength of the checksum that was verified, 0 where the link has none.
    """

    link: Link
    payload: bytes
    control: int = 0
    address: bytes = b""
    more: bool = False
    check_bits: int = 0
    signal_dbm: int | None = None


class Layer(StrEnum):
    """What lies on top of a message."""

    DLMS = "dlms"  # an xDLMS APDU, its tag first
    MBUS = "mbus"  # EN 13757-3, the CI field first
    DSMR = "dsmr"  # text, from '/' to the end of the checksum line
    SML = "sml"  # SML messages, escapes resolved


class Message(NamedTuple):
    """A whole message: what segments and blocks carried, joined. Fields as in `Frame`."""

    layer: Layer
    payload: bytes
    link: Link
    control: int = 0
    address: bytes = b""
    check_bits: int = 0
    signal_dbm: int | None = None
