"""Publishes the readings of any number of ports to an MQTT 5 broker, or to the one of a cluster that answers."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
import ssl
import time
import tomllib
from typing import Any

import aiomqtt

from ..catalogue import Profile
from ..catalogue.operators import Catalogue
from ..dataset import document
from ..errors import CustomerInterfaceError, KeyFormatError
from ..jsonform import to_text
from ..keys import Key, KeyKind, KeyRing, parse_key
from ..named import NamedTuple
from ..reading import Fault, FaultKind, Reading
from .outbox import Letter, Outbox
from .topics import OFFLINE, ONLINE, STATUS, discovery, discovery_topic, topic_of

QOS = 1
PATIENCE = 10.0
# Messages on their way at once: a broker far away is not waited for with each.
WINDOW = 20
# Waits between attempts, after each broker was tried.
BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0)


class ConfigError(CustomerInterfaceError):
    """The configuration file cannot be used; the sentence says why."""


class Broker(NamedTuple):
    """Where readings go: hosts of one cluster, tried in turn; `authority` is a file of certificates, None for the system's."""

    hosts: tuple[str, ...]
    port: int
    tls: bool = True
    username: str | None = None
    password: str | None = None
    authority: str | None = None

    def __repr__(self) -> str:
        """Never show the password."""
        return f"Broker({', '.join(self.hosts)}, port={self.port}, tls={self.tls})"

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS settings; raises ConfigError for a file of certificates that cannot be read."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.authority)
        except OSError as err:
            raise ConfigError(f"{self.authority} holds no certificates: {err}") from err


class Port(NamedTuple):
    """One port and the meter on it."""

    name: str
    url: str
    profile: Profile
    keys: KeyRing


def load_config(path: Path, known: Catalogue) -> tuple[Broker, tuple[Port, ...]]:
    """Read the TOML file (docs/publish.md); raises ConfigError, CatalogueError or KeyFormatError."""
    try:
        if path.stat().st_mode & 0o007:
            raise ConfigError(
                f"{path} holds keys, and all can read it: chmod o= {path}"
            )
        form = tomllib.loads(path.read_text(encoding="utf-8"))
        return _broker(form["broker"], path.parent), tuple(
            _port(row, known) for row in form["meters"]
        )
    except OSError as err:
        raise ConfigError(f"{path} cannot be read: {err.strerror}") from err
    except (KeyError, TypeError, AttributeError) as err:
        raise ConfigError(f"{path}: {err} is missing or of another kind") from err
    except ValueError as err:
        raise ConfigError(f"{path} is no TOML: {err}") from err


def _broker(form: Mapping[str, Any], folder: Path) -> Broker:
    authority, hosts = form.get("authority"), form["hosts"]
    tls = bool(form.get("tls", True))
    if not isinstance(hosts, list) or not hosts:
        raise TypeError("hosts")
    return Broker(
        tuple(hosts),
        int(form.get("port", 8883 if tls else 1883)),
        tls,
        form.get("username"),
        form.get("password"),
        None if authority is None else str(folder / authority),
    )


def _port(form: Mapping[str, Any], known: Catalogue) -> Port:
    profile = known.operator(form["operator"]).offer(form["meter"]).profile
    kinds = {spec.id: spec.kind for spec in profile.keys}
    keys: list[Key] = []
    authentication: list[Key] = []
    for name, text in form.get("keys", {}).items():
        if name not in kinds:
            raise KeyFormatError(
                "unknown", f"{form['name']}: {name} is no key of this meter"
            )
        of_kind = authentication if kinds[name] is KeyKind.AUTHENTICATION else keys
        of_kind.append(parse_key(text, kinds[name]))
    return Port(
        form["name"], form["url"], profile, KeyRing(tuple(keys), tuple(authentication))
    )


class Publisher:
    """Publishes what is taken in, and holds it back while no broker answers."""

    def __init__(self, broker: Broker) -> None:
        """Prepare; `run` connects. Raises ConfigError for a file of certificates that cannot be read."""
        self._broker = broker
        self._context = broker.context()
        self._outbox = Outbox()
        self._news = asyncio.Event()
        self._known: dict[str, dict[str, str]] = {}  # meter id: discovery, availability
        self._ids: dict[str, set[str]] = {}
        self.connected = asyncio.Event()

    def take(self, port: Port, output: Reading | Fault) -> None:
        """Take what a session says."""
        if isinstance(output, Reading):
            self._on_reading(port, output)
        elif output.kind is FaultKind.SILENCE:
            self.lose(port)

    def lose(self, port: Port) -> None:
        """Tell that the meters of a port are not heard, until they are."""
        for meter_id in self._ids.get(port.name, ()):
            self._tell(meter_id, OFFLINE)

    def _on_reading(self, port: Port, reading: Reading) -> None:
        meter_id = reading.meter.key or port.name
        form = document(reading)
        form["meter"]["id"] = meter_id
        self._ids.setdefault(port.name, set()).add(meter_id)
        if self._state(meter_id).get("discovery") is None:
            text = discovery(meter_id, port.name, form)
            self._state(meter_id)["discovery"] = text
            self._put(discovery_topic(meter_id), text)
        self._tell(meter_id, ONLINE)
        self._put(topic_of(meter_id, "reading"), to_text(form))

    def _state(self, meter_id: str) -> dict[str, str]:
        return self._known.setdefault(meter_id, {})

    def _tell(self, meter_id: str, availability: str) -> None:
        if self._state(meter_id).get("availability") != availability:
            self._state(meter_id)["availability"] = availability
            self._put(topic_of(meter_id, "availability"), availability)

    def _put(self, topic: str, payload: str) -> None:
        self._outbox.put(Letter(topic, payload, time.monotonic()))
        self._news.set()

    async def run(self) -> None:
        """Connect and publish until cancelled; goes on to the next broker of the cluster when one goes away."""
        attempt = 0
        while True:
            for host in self._broker.hosts:
                try:
                    await self._serve(host)
                except* aiomqtt.MqttError, OSError:
                    if self.connected.is_set():
                        attempt = 0
                    self.connected.clear()
            await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])
            attempt += 1

    async def _serve(self, host: str) -> None:
        broker = self._broker
        async with aiomqtt.Client(
            host,
            broker.port,
            username=broker.username,
            password=broker.password,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=self._context,
            timeout=PATIENCE,
            will=aiomqtt.Will(STATUS, OFFLINE, QOS, retain=True),
        ) as client:
            client.pending_calls_threshold = WINDOW
            await client.publish(STATUS, ONLINE, QOS, retain=True)
            self._remind()
            self.connected.set()
            while True:
                await self._empty(client)
                await self._news.wait()

    def _remind(self) -> None:
        """Tell a broker that may have forgotten which meters there are."""
        for meter_id, state in self._known.items():
            self._put(discovery_topic(meter_id), state["discovery"])
            self._put(topic_of(meter_id, "availability"), state["availability"])

    async def _empty(self, client: aiomqtt.Client) -> None:
        self._news.clear()
        while letters := self._outbox.first(WINDOW, time.monotonic()):
            async with asyncio.TaskGroup() as group:
                for letter in letters:
                    group.create_task(self._send(client, letter))

    async def _send(self, client: aiomqtt.Client, letter: Letter) -> None:
        """Send one message; a broker acknowledges in the order it was sent to (MQTT 5, 4.6), so none overtakes."""
        await client.publish(letter.topic, letter.payload, QOS, retain=True)
        self._outbox.sent(letter)
