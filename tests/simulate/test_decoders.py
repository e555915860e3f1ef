"""What the simulated meters say, our decoder and an independent one understand, to the last digit."""

from collections.abc import Iterator, Mapping
from copy import replace
from datetime import datetime

from gurux_dlms import GXByteBuffer, GXReplyData
from gurux_dlms.enums import InterfaceType, Security
from gurux_dlms.secure import GXDLMSSecureClient
import pytest

from customer_interface import catalogue, simulate
from customer_interface.decode import decode
from customer_interface.keys import KeyRing, parse_key
from customer_interface.obis import ObisCode
from customer_interface.reading import Fault, FaultKind, Reading, Value
from customer_interface.simulate import bus, mep, p2
from customer_interface.simulate.dlms import DlmsMeter
from customer_interface.simulate.meter import Meter

# Noon in winter, night in summer, and the hour that comes twice.
TIMES = [
    datetime.fromisoformat(text).timestamp()
    for text in (
        "2026-11-21T11:00:00+00:00",
        "2026-06-30T22:00:10+00:00",
        "2026-10-25T01:30:00+00:00",
    )
]
# Meters that answer only are tested with those who ask them, those of a stick that must be set up in test_p2.py.
ROWS = [row for row in simulate.ROWS if row not in {**mep.ROWS, **bus.ROWS, **p2.ROWS}]
# Kaifa writes a tag before the notification's date-time, with which Gurux' library cannot do.
TAGGED = {("no-han", "kaifa-ma304h3e"), ("no-han", "kaifa-ma105h2e")}
DLMS_ROWS = [
    row
    for row in ROWS
    if isinstance(simulate.simulator(*row), DlmsMeter) and row not in TAGGED
]
SINGLE_HDLC_ROWS = [
    row
    for row in DLMS_ROWS
    if (telegram := simulate.simulator(*row).telegram(TIMES[0]))[0] == 0x7E
    and len(telegram) == (int.from_bytes(telegram[1:3], "big") & 0x7FF) + 2
]


def _ring(meter: Meter) -> KeyRing:
    encryption, *authentication = [parse_key(text) for text in meter.keys.values()] or [
        None
    ]
    return KeyRing(
        (encryption,) if encryption else (), tuple(a for a in authentication if a)
    )


def _measured(values: Mapping[ObisCode, Value]) -> dict[ObisCode, Value]:
    """Return what is a number with a unit, or a factor: not names, clocks and message texts."""
    return {
        code: value
        for code, value in values.items()
        if value.log is not None
        or (
            value.value is not None
            and not isinstance(value.value, (str, bool, datetime))
        )
    }


@pytest.mark.parametrize("at", TIMES)
@pytest.mark.parametrize(("operator", "meter"), ROWS)
def test_our_decoder_reads_exactly_what_was_said(
    operator: str, meter: str, at: float
) -> None:
    """Every number, the clock, the number of the meter and the security of each reading."""
    simulated = simulate.simulator(operator, meter)
    telegram = simulated.telegram(at)
    profile = (
        catalogue.load().operator(operator).offer(meter.removesuffix("-old")).profile
    )
    results = list(decode(telegram, _ring(simulated), profile=profile))
    assert not [result for result in results if isinstance(result, Fault)]
    readings = {r.meter.channel: r for r in results if isinstance(r, Reading)}
    assert set(readings) == {said.meter.channel for said in simulated.sent}
    for said in simulated.sent:
        _same(readings[said.meter.channel], said)


def _same(read: Reading, said: Reading) -> None:
    assert read.values.items() >= said.values.items()
    surplus = set(_measured(read.values)) - set(said.values)
    assert not {code for code in surplus if code.a == 1 and code.d in (7, 8)}
    assert read.meter.number == said.meter.number
    assert said.meter.title in (None, read.meter.title)
    assert _clock(read.time) == _clock(said.time)
    assert (read.encrypted, read.authenticated) == (said.encrypted, said.authenticated)
    assert said.counter in (None, read.counter)


def _clock(time: datetime | None) -> str | None:
    """Compare aware times with their offset, naive ones as they are."""
    return time.isoformat() if time else None


@pytest.mark.parametrize("at", TIMES)
@pytest.mark.parametrize(("operator", "meter"), DLMS_ROWS)
def test_an_independent_decoder_finds_the_same_numbers(
    operator: str, meter: str, at: float
) -> None:
    """Gurux' library takes cipher and A-XDR apart: the same digits in the same order."""
    simulated = simulate.simulator(operator, meter)
    assert isinstance(simulated, DlmsMeter)
    bare = replace(simulated, framing=lambda apdu: [apdu])
    _compare(_gurux(bare, bare.telegram(at), InterfaceType.PDU), bare.sent)


@pytest.mark.parametrize(("operator", "meter"), SINGLE_HDLC_ROWS)
def test_an_independent_decoder_takes_the_frames(operator: str, meter: str) -> None:
    """Gurux' library takes single HDLC frames apart."""
    simulated = simulate.simulator(operator, meter)
    assert isinstance(simulated, DlmsMeter)
    telegram = simulated.telegram(TIMES[0])
    _compare(_gurux(simulated, telegram, InterfaceType.HDLC), simulated.sent)


def _compare(tree: object, sent: tuple[Reading, ...]) -> None:
    numbers = iter(list(_numbers(tree)))
    for said in sent:
        for code, value in _measured(said.values).items():
            digits = _digits(value.value)
            assert any(_digits(number) == digits for number in numbers), (
                f"{code} {value}"
            )


def _gurux(meter: DlmsMeter, data: bytes, link: InterfaceType) -> object:
    client = GXDLMSSecureClient(True, 16, 1, 0, None, link)
    client.ciphering.security = Security.ENCRYPTION
    if meter.ciphering is not None:
        client.ciphering.blockCipherKey = meter.ciphering.key
        if meter.ciphering.authentication:
            client.ciphering.authenticationKey = meter.ciphering.authentication
    reply, notify = GXReplyData(), GXReplyData()
    client.getData(GXByteBuffer(data), reply, notify)
    return notify.value


def _numbers(tree: object) -> Iterator[int]:
    if isinstance(tree, list):
        for branch in tree:
            yield from _numbers(branch)
    elif isinstance(tree, int) and not isinstance(tree, bool):
        yield tree


def _digits(number: object) -> str:
    """The significant digits, which a scaler does not change."""
    return (
        f"{number:f}".replace(".", "").lstrip("-0").rstrip("0")
        if not isinstance(number, int)
        else f"{abs(number)}".lstrip("0").rstrip("0")
    )


def _faulty(fault: str, pushes: int = 6) -> list[Reading | Fault]:
    meter = simulate.simulator("netz-noe", "kaifa-ma309m", faults=(fault,))
    data, at = b"", TIMES[0]
    for _ in range(pushes):
        at = meter.due(at)
        data += b"".join(chunk.data for chunk in meter.push(at))
    return list(decode(data, _ring(simulate.simulator("netz-noe", "kaifa-ma309m"))))


def _kinds(results: list[Reading | Fault]) -> set[FaultKind]:
    return {result.kind for result in results if isinstance(result, Fault)}


def _readings(results: list[Reading | Fault]) -> int:
    return sum(isinstance(result, Reading) for result in results)


def test_noise_costs_the_damaged_telegrams_only() -> None:
    """Every third telegram is damaged, the others are read."""
    results = _faulty("noise")
    assert FaultKind.NOISE in _kinds(results)
    assert _readings(results) == 4


def test_a_lost_segment_costs_its_telegram() -> None:
    """Every other telegram lacks a segment, the others are read."""
    results = _faulty("lost-segment")
    assert _kinds(results) == {FaultKind.TRUNCATED}
    assert _readings(results) == 3


def test_repeated_segments_cost_nothing() -> None:
    """Each segment comes twice and each telegram is read."""
    assert _readings(_faulty("repeated-segment")) == 6


def test_a_wrong_key_is_called_so() -> None:
    """Nothing is read and the key is blamed."""
    results = _faulty("wrong-key")
    assert _kinds(results) == {FaultKind.KEY}
    assert not _readings(results)


def test_silence_and_unplugging_send_nothing() -> None:
    """No byte comes."""
    assert not _faulty("silence")
    assert not _faulty("unplug")


def test_a_frozen_counter_repeats_its_value() -> None:
    """The counters of all telegrams are the same."""
    meter = simulate.simulator("netz-noe", "kaifa-ma309m", faults=("frozen-counter",))
    counters = set()
    at = TIMES[0]
    for _ in range(3):
        at = meter.due(at)
        meter.push(at)
        counters.add(meter.sent[0].counter)
    assert len(counters) == 1


def test_what_was_said_is_not_changed_by_what_is_said_next() -> None:
    """A reading that was kept stays as it was."""
    meter = simulate.simulator("netz-noe", "kaifa-ma309m")
    meter.telegram(TIMES[0])
    kept = meter.sent[0]
    copy = replace(kept)
    meter.telegram(TIMES[1])
    assert kept == copy != meter.sent[0]
