"""Who decodes: each contender turns the bytes of one telegram into scaled values, and says afterwards what it read.

A contender is made for a sample, outside of what is timed, and returns a function of one telegram and its arrival time.
What that returns is handed to the contender's witness, not timed either: the energy (in Wh) that all have to agree on.
Peers are imported when they are made, so that one that is not installed is missing by itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from customer_interface.application.mbus import Formats
from customer_interface.keys import KeyRing
from customer_interface.link.wmbus import parse_raw
from customer_interface.obis import ObisCode
from customer_interface.plausibility import Limits
from customer_interface.reading import Fault, Link, Message, Reading
from customer_interface.session import make_session
from customer_interface.session.base import SessionState
from customer_interface.session.belief import Belief
from customer_interface.session.receiver import Receiver
from customer_interface.shape.cache import Shapes
from customer_interface.shape.meters import MeterShapes
from customer_interface.stack import Context

from .telegrams import Sample

type Decode = Callable[[bytes, float], Any]

# The first telegrams of a session are read the long way: that is what a meter shows in its first seconds.
WARM_UP = 4
ENERGIES = (ObisCode(1, 0, 1, 8, 0), ObisCode(1, 1, 1, 8, 0), ObisCode(1, 0, 1, 8, 1))


@dataclass(frozen=True, slots=True)
class Contender:
    """One decoder: its package on the index (None for ours), how it is made, and what it read."""

    package: str | None
    make: Callable[[Sample], Decode]
    energy: Callable[[Any], Decimal | None]
    label: str = "ours"

    @property
    def name(self) -> str:
        """The package with its version, as far as it is installed; of ours the label."""
        if self.package is None:
            return self.label
        try:
            return f"{self.package} {version(self.package)}"
        except PackageNotFoundError:
            return self.package


# --- ours ----------------------------------------------------------------------------------------------------------


class _NoShapes(Shapes):
    """Learns nothing."""

    @property
    def wanted(self) -> bool:
        """Never."""
        return False


class _NoMeterShapes(MeterShapes):
    """Learns nothing of M-Bus."""

    def learn(
        self, message: Message, results: tuple[Reading | Fault, ...], formats: Formats
    ) -> None:
        """Forget."""


def _without_shapes(context: Context) -> Context:
    context.shapes, context.meters = _NoShapes(), _NoMeterShapes()
    return context


def _session(sample: Sample, *, shapes: bool = True) -> Decode:
    """Bytes in, believed readings out: frames, ciphers, application, counters, plausibility, intervals, state."""
    assert sample.profile is not None
    session: Any = make_session(sample.profile, sample.ring)
    if not shapes:
        _without_shapes(session._receiver.context)  # noqa: SLF001 - nobody else switches them off
    session.start(sample.telegrams[0][1])
    decode: Decode = session.receive
    return decode


def _radio(sample: Sample, *, shapes: bool = True) -> Decode:
    """Radio frames in, believed readings out: what a stick's session does with each frame."""
    context = Context(sample.ring)
    receiver = Receiver((Link.WMBUS,), context if shapes else _without_shapes(context))
    belief = Belief(SessionState(), Limits(), sample.ring)

    def decode(data: bytes, at: float) -> list[Any]:
        readings = receiver.read((parse_raw(data),), at)
        return [
            item
            for reading in readings
            for item in (
                belief.judge(reading, at, context.filled)
                if isinstance(reading, Reading)
                else (reading,)
            )
        ]

    return decode


def _wired(sample: Sample, *, shapes: bool = True) -> Decode:
    """Frames in, readings out; a published frame says the same every time, so that there is nothing to believe."""
    context = Context(KeyRing())
    return Receiver(
        (Link.MBUS,), context if shapes else _without_shapes(context)
    ).receive


def _ours_energy(outputs: Iterable[Any]) -> Decimal | None:
    reading = next(item for item in outputs if isinstance(item, Reading))
    values = (reading.values.get(code) for code in ENERGIES)
    return next((Decimal(str(value.value)) for value in values if value), None)


def _ours_number(outputs: Iterable[Any]) -> None:
    assert any(isinstance(item, Reading) for item in outputs)


OURS = Contender(None, _session, _ours_energy)
OURS_RADIO = Contender(None, _radio, _ours_number)
OURS_WIRED = Contender(None, _wired, _ours_number)


def _long_way(ours: Contender) -> Contender:
    """Return ours with all shapes switched off."""
    make = partial(ours.make, shapes=False)  # type: ignore[call-arg]
    return Contender(None, make, ours.energy, "ours without shapes")


LONG_WAY = _long_way(OURS)
LONG_WAY_RADIO = _long_way(OURS_RADIO)
LONG_WAY_WIRED = _long_way(OURS_WIRED)


# --- peers ---------------------------------------------------------------------------------------------------------


def _smartmeter_austria(sample: Sample) -> Decode:
    from smartmeter_austria_energy.decrypt import Decrypt  # noqa: PLC0415
    from smartmeter_austria_energy.supplier import SUPPLIERS  # noqa: PLC0415

    key = next(iter(sample.keys.values())).hex()

    def decode(data: bytes, _at: float) -> Any:
        first = data[1] + 6
        decrypted = Decrypt(SUPPLIERS["TINETZ"], data[:first], data[first:], key)
        decrypted.parse_all()
        return decrypted

    return decode


def _smartmeter_austria_energy(decrypted: Any) -> Decimal:
    return Decimal(str(decrypted.get_obis_value("RealEnergyIn").value))


def _pydlms(sample: Sample) -> Decode:
    from pydlms.push import PushDecoder  # noqa: PLC0415
    from pydlms.security.context import SecurityContext, SecurityPolicy  # noqa: PLC0415

    assert sample.profile is not None
    keys = list(sample.keys.values())
    decoder = PushDecoder(
        framing=sample.profile.links[0].value,
        security=SecurityContext(
            encryption_key=keys[0],
            authentication_key=keys[1] if len(keys) > 1 else keys[0],
            suite=_suite(sample.telegrams[0][0]),
            policy=SecurityPolicy.NONE,
            replay_protection=False,
            allow_unverified_auth=True,
        ),
    )

    def decode(data: bytes, _at: float) -> Any:
        return [
            [(record.obis, record.value, record.unit) for record in message.records]
            for message in decoder.feed(data)
        ]

    return decode


def _suite(telegram: bytes) -> int:
    """Return the security suite of a general-glo-ciphering APDU: DB 08 title, length, security control."""
    apdu = telegram[telegram.index(b"\xdb\x08") :]
    length_bytes = apdu[10] & 0x7F if apdu[10] & 0x80 else 0
    return apdu[11 + length_bytes] & 0x0F


def _pydlms_energy(messages: Any) -> Decimal | None:
    (records,) = messages
    return next(
        (
            Decimal(str(value))
            for obis, value, _ in records
            if obis and str(obis) in _PYDLMS_NAMES
        ),
        None,
    )


_PYDLMS_NAMES = ("1-0:1.8.0.255", "1-1:1.8.0.255")


def _wiener_netze(sample: Sample) -> Decode:
    from wiener_netze_smartmeter_serial import WienerNetzeSmartMeter  # noqa: PLC0415

    meter: Any = WienerNetzeSmartMeter("-", next(iter(sample.keys.values())).hex())

    def decode(data: bytes, _at: float) -> Any:
        # What it does between its port and its values; the port itself is left out.
        meter._last_notification_data = data  # noqa: SLF001
        return meter.get_last_meter_data()

    return decode


def _wiener_netze_energy(data: Any) -> Decimal:
    return Decimal(round(data.active_energy_in * 1000))


def _smeterd(_sample: Sample) -> Decode:
    from smeterd.meter import P1Packet  # noqa: PLC0415

    return lambda data, _at: P1Packet(data)


def _smeterd_energy(packet: Any) -> Decimal:
    return Decimal(round(packet["kwh"]["low"]["consumed"] * 1000))


def _dsmr_parser(_sample: Sample) -> Decode:
    from dsmr_parser.parsers import TelegramParser  # noqa: PLC0415
    from dsmr_parser.telegram_specifications import V5  # noqa: PLC0415

    parser = TelegramParser(V5)
    return lambda data, _at: parser.parse(data.decode("ascii"))


def _dsmr_parser_energy(telegram: Any) -> Decimal:
    return Decimal(telegram.ELECTRICITY_USED_TARIFF_1.value * 1000)


def _pymbusparser(sample: Sample) -> Decode:
    import pymbusparser  # noqa: PLC0415

    key = next(iter(sample.keys.values()), None)
    return lambda data, _at: pymbusparser.parse(data, key=key)


def _anything(result: Any) -> None:
    assert result


SMARTMETER_AUSTRIA = Contender(
    "smartmeter-austria-energy", _smartmeter_austria, _smartmeter_austria_energy
)
PYDLMS = Contender("pydlms-client", _pydlms, _pydlms_energy)
WIENER_NETZE = Contender(
    "wiener-netze-smartmeter-serial", _wiener_netze, _wiener_netze_energy
)
SMETERD = Contender("smeterd", _smeterd, _smeterd_energy)
DSMR_PARSER = Contender("dsmr-parser", _dsmr_parser, _dsmr_parser_energy)
PYMBUSPARSER = Contender("pymbusparser", _pymbusparser, _anything)
