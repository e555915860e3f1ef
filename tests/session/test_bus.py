"""A wired bus through `make_session`: searched once, polled from then on, the Dutch rules, and nothing sent beside."""

import asyncio
from copy import replace
from decimal import Decimal
import re

from hypothesis import given, strategies as st
import pytest

from customer_interface import catalogue, simulate
from customer_interface.keys import KeyRing, parse_key
from customer_interface.listen import listen
from customer_interface.reading import FaultKind, Reading
from customer_interface.session import make_session
from customer_interface.session.base import Send, SessionState
from customer_interface.session.bus import BusSession
from customer_interface.session.master import Slave
from customer_interface.simulate.bus import (
    Bus,
    P2Meter,
    WiredMeter,
    clock_telegram,
    key_change,
)
from customer_interface.simulate.line import serve_pty

from .wire import NOON, Wire, said_to

PROFILES = catalogue.load().profiles
GENERIC, P2 = PROFILES["mbus-master"], PROFILES["p2-wired"]
# DSMR P2 4.2.2, appendix B.
DEFAULT_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
USER_KEY = bytes(range(16))
SCAN = 151.0  # seconds of 251 primary addresses without an answer


def wire(operator: str, meter: str, *faults: str, keyed: bool = True) -> Wire:
    """Return a wire with a row of the catalogue and the master that asks it."""
    profile = catalogue.load().operator(operator).offer(meter).profile
    simulated = simulate.simulator(operator, meter, faults=faults)
    typed = simulated.keys.values() if keyed else ()
    ring = KeyRing(tuple(parse_key(key) for key in typed))
    assert profile.line is not None
    return Wire(simulated, make_session(profile, ring), profile.line)


def p2_wire(
    meter: P2Meter, *, key: bytes | None = USER_KEY, commanded: bool = False
) -> Wire:
    """Return a wire with one P2 meter at address 1 that is asked at once."""
    ring = KeyRing((parse_key(key.hex()),)) if key else KeyRing()
    session = make_session(P2, ring, slaves=(Slave(1, p2=True, interval=60),))
    bus = Bus(meters=(meter,), commanded=commanded)
    assert P2.line is not None
    return Wire(bus, session, P2.line)


def gas(
    key: bytes | None = USER_KEY, *, kind: str = "gas", counter: int = 1
) -> P2Meter:
    """Return a P2 meter."""
    return P2Meter(
        number="23456789",
        kind=kind,
        primary=1,
        default_key=DEFAULT_KEY,
        user_key=key,
        counter=counter,
    )


def values(reading: Reading) -> dict[str, object]:
    """Return values by code."""
    return {str(code): value.value for code, value in reading.values.items()}


@pytest.mark.parametrize(
    ("meter", "codes"),
    [
        ("mbus-gas", {"7-0:3.0.0"}),
        ("mbus-water", {"8-0:1.0.0"}),
        ("mbus-electricity", {"1-0:1.8.0", "1-0:1.7.0"}),
        (
            "mbus-heat",
            {"6-0:1.0.0", "6-0:2.0.0", "6-0:10.0.0", "6-0:11.0.0", "6-0:8.0.0"},
        ),
    ],
)
def test_wired_meters_are_found_and_read(meter: str, codes: set[str]) -> None:
    """A search finds the meter; all its telegrams are read, again and again."""
    line = wire("mbus-master", meter)
    line.run(900)
    seen = {code for reading in line.readings for code in values(reading)}
    assert codes <= seen
    assert line.faults == []
    assert len(line.readings) >= 5
    assert isinstance(line.session, BusSession)
    assert line.session.searching is None


def test_several_meters_share_a_bus() -> None:
    """Meters with and without a primary address of their own are found; those that share address 0 by selection."""
    line = wire("mbus-master", "mbus-several")
    line.run(2_400)
    assert isinstance(line.session, BusSession)
    bus = line.meter
    assert isinstance(bus, Bus)
    assert {reading.meter.medium for reading in line.readings} == {
        "gas",
        "heat",
        "water",
        "electricity",
    }
    words = str(line.session.state.extra["slaves"]).split()
    assert len(words) == 4
    assert {"1", "2"} <= set(words)
    own = {meter.secondary.hex() for meter in bus.meters[2:]}
    assert own == {word[1:] for word in words if word.startswith("s")}


def test_what_was_found_is_remembered() -> None:
    """After a restart the bus is not searched again."""
    line = wire("mbus-master", "mbus-water")
    line.run(400)
    again = make_session(GENERIC, state=line.session.state)
    requests = [o.data for o in again.start(line.at) if isinstance(o, Send)]
    assert requests == [bytes.fromhex("1040014116")]


@pytest.mark.parametrize("stored", ["s12", "x", "251", "1 s00 2"])
def test_damaged_memory_is_a_search(stored: str) -> None:
    """What cannot be an address is not asked."""
    session = make_session(GENERIC, state=SessionState(extra={"slaves": stored}))
    assert isinstance(session, BusSession)
    assert session.searching is not None


def test_an_empty_bus_is_told_and_searched_again() -> None:
    """Where nobody answers, that is a fault, and a meter connected later is found."""
    meter = WiredMeter(number="12345678", kind="water", primary=3)
    bus = Bus(meters=())
    assert GENERIC.line is not None
    line = Wire(bus, make_session(GENERIC), GENERIC.line)
    line.run(SCAN + 10)
    assert [fault.kind for fault in line.faults] == [FaultKind.SILENCE]
    bus.meters = (meter,)
    line.run(2 * SCAN)
    assert {reading.meter.number for reading in line.readings} == {"12345678"}


def test_noise_shows_no_wrong_value() -> None:
    """With damaged answers only what a meter said is shown."""
    line = wire("mbus-master", "mbus-water", "noise")
    line.run(1_800)
    bus = line.meter
    assert isinstance(bus, Bus)
    sent = {answer[19:-2].hex() for answer in bus.answered if answer[0] == 0x68}
    records = {record.raw for reading in line.readings for record in reading.records}
    assert records
    assert all(any(record in answer for answer in sent) for record in records)


# --- the Dutch port ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meter", "codes"),
    [
        ("p2-gas", {"7-0:3.1.0"}),
        ("p2-thermal", {"6-0:1.0.0", "5-0:1.0.0", "6-0:2.0.0"}),
        ("p2-water", {"8-0:1.0.0"}),
        ("p2-electricity", {"1-0:1.8.0"}),
    ],
)
def test_p2_meters_are_found_and_read(meter: str, codes: set[str]) -> None:
    """Mode 15 is opened; hourly values carry their time, and each reading its frame counter."""
    line = wire("nl-p2", meter)
    line.run(1_800)
    assert line.faults == []
    assert codes <= values(line.readings[0]).keys()
    assert all(reading.encrypted for reading in line.readings)
    counters = [reading.counter for reading in line.readings]
    assert len(counters) >= 5
    assert counters == sorted(set(counters), key=lambda counter: counter or 0)
    hourly = meter in ("p2-thermal", "p2-water")
    told = {str(c): v.time for c, v in line.readings[0].values.items()}
    assert all((told[code] is not None) == hourly for code in codes)
    extra = {*str(line.session.state.extra["slaves"]).split()}
    assert extra == {"1"}
    # No secondary address, no frame count bit, nothing but what table 5 names.
    sent = [o.data for o in line.outputs if isinstance(o, Send)]
    assert {(data[0], data[1]) for data in sent} == {(0x10, 0x40), (0x10, 0x5B)}


def test_p2_without_its_key_shows_nothing() -> None:
    """An encrypted meter whose key is not known is a fault."""
    line = wire("nl-p2", "p2-gas", keyed=False)
    line.run(30)
    assert line.readings == []
    assert {fault.kind for fault in line.faults} == {FaultKind.KEY}


def test_p2_in_the_clear_is_refused_once_a_key_is_known() -> None:
    """A meter whose user key is not set is read without a key, and refused with one."""
    line = p2_wire(gas(None), key=None)
    line.run(100)
    assert line.readings
    line = p2_wire(gas(None))
    line.run(100)
    assert line.readings == []
    assert {fault.kind for fault in line.faults} == {FaultKind.AUTHENTICATION}


def test_p2_counter_only_rises() -> None:
    """A counter that is lower is refused for ever: it is never reset in a meter's life (5.2)."""
    meter = gas(counter=1_000)
    line = p2_wire(meter)
    line.run(150)
    before = len(line.readings)
    assert before >= 2
    meter.counter = 500
    line.run(1_500)
    assert len(line.readings) == before
    assert {fault.kind for fault in line.faults} == {FaultKind.REPLAY}


@pytest.mark.parametrize(("at", "value"), [(4, 0x18), (6, 0x7A)])
def test_p2_other_pairs_of_c_and_ci_are_refused(at: int, value: int) -> None:
    """What tables 5 and 6 do not name is not read, though it would be elsewhere."""
    meter = gas(None)
    line = p2_wire(meter, key=None)

    def other(data: bytes) -> bytes:
        if data[:1] != b"\x68":
            return data
        changed = bytearray(data)
        changed[at] = value
        return bytes(changed)

    frame = Bus(meters=(meter,)).telegram(NOON)
    changed = bytearray(other(frame))
    changed[-2] = sum(changed[4:-2]) & 0xFF
    session = line.session
    session.start(NOON)
    session.wake(NOON + 1)
    outputs = session.receive(bytes(changed), NOON + 1.1)
    assert not any(isinstance(output, Reading) for output in outputs)
    assert session.statistics.faults.get(FaultKind.UNSUPPORTED) == 1


def test_commands_of_an_electricity_meter_are_only_overheard() -> None:
    """Key change and clock telegrams change the meter, and never a value of ours."""
    meter = gas()
    line = p2_wire(meter, commanded=True)
    line.run(900)
    assert meter.set_at is not None
    assert line.readings
    for reading in line.readings:
        assert {record.function for record in reading.records}
        assert values(reading).keys() <= {"7-0:3.1.0", "0-0:96.1.0"}
    assert FaultKind.REPLAY not in {fault.kind for fault in line.faults}


@pytest.mark.parametrize("sent_as_answer", [True, False])
def test_commands_alone_are_no_reading(sent_as_answer: bool) -> None:
    """A command is no answer, not even where one is awaited."""
    meter = gas()
    session = make_session(P2, slaves=(Slave(1, p2=True),))
    outputs = list(session.start(NOON))
    if sent_as_answer:
        outputs += session.wake(NOON + 1)
    for frame in (
        key_change(1, DEFAULT_KEY, USER_KEY),
        clock_telegram(meter, NOON),
        clock_telegram(replace(meter, user_key=None), NOON),
    ):
        outputs += session.receive(frame, NOON + 1.1)
        outputs += session.wake(NOON + 3)
    assert not any(isinstance(output, Reading) for output in outputs)


def test_the_key_change_of_the_standard() -> None:
    """B1.1 with its checksum right (8E; 4E is printed) sets the user key of the simulated meter."""
    frame = key_change(1, DEFAULT_KEY, USER_KEY)
    assert frame == bytes.fromhex(
        "6819196853015107FD19 03E0EED1F68E9B8F 47FD19 5E1372754AB79F278E16"
    )
    meter = gas(None)
    assert meter.hear(frame, NOON) == b"\xe5"
    assert meter.user_key == USER_KEY
    assert meter.hear(key_change(1, DEFAULT_KEY, bytes(16)), NOON) == b"\xe5"
    assert meter.user_key is None


def test_the_slave_electricity_meter_counts() -> None:
    """Integers scaled once: what the simulated register shows is what is read."""
    line = p2_wire(gas(kind="electricity"))
    line.run(10)
    value = values(line.readings[0])["1-0:1.8.0"]
    assert isinstance(value, int | Decimal)
    assert value > 3_141_274


# --- on a port --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "meter"), [("mbus-master", "mbus-heat"), ("nl-p2", "p2-gas")]
)
async def test_listening_on_a_port(operator: str, meter: str) -> None:
    """A simulated bus on a pseudo terminal is searched and read by what the command line runs."""
    simulated = simulate.simulator(operator, meter)
    profile = catalogue.load().operator(operator).offer(meter).profile
    ring = KeyRing(tuple(map(parse_key, simulated.keys.values())))
    heard: list[object] = []
    async with serve_pty(simulated) as line, asyncio.timeout(60):
        readings = await listen(
            line.address, profile, ring, line=None, count=1, out=heard.append
        )
    assert readings == 1
    assert isinstance(heard[-1], Reading)
    assert heard[-1].values


# --- what leaves ------------------------------------------------------------------------------------------------------

GRAMMAR = re.compile(
    rb"\x10[\x40\x5b\x7b].{2}\x16|\x68\x0b\x0b\x68\x53\xfd\x52.{9}\x16", re.DOTALL
)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.just(b"\xe5"),
            st.builds(lambda at: Bus(meters=(gas(),)).telegram(at), st.just(NOON)),
            st.builds(
                lambda: WiredMeter(number="00000001", kind="heat", primary=1).hear(
                    bytes.fromhex("105B015C16"), NOON
                )
            ),
        ),
        max_size=40,
    ),
    st.sampled_from([GENERIC, P2]),
    st.sampled_from(["", "1", "s7856341232150007 9"]),
)
def test_only_the_grammar_is_sent(
    replies: list[bytes], profile: catalogue.Profile, stored: str
) -> None:
    """Whatever answers, nothing leaves that could change a meter, and nothing raises."""
    state = SessionState(extra={"slaves": stored})
    session = make_session(profile, KeyRing((parse_key(USER_KEY.hex()),)), state)
    sent = said_to(session, replies, NOON)
    assert sent
    assert all(GRAMMAR.fullmatch(data) for data in sent)
    if profile.p2:
        assert all(data[:2] != b"\x10\x7b" and data[0] == 0x10 for data in sent)
