"""JSON-REST and server-sent events behind Home Assistant's own login (docs/rest.md, docs/openapi.yaml).

    GET /api/smart_meter/meters                 the meters, with the state of their link
    GET /api/smart_meter/meters/{id}/reading    the last reading as the standardised document
    GET /api/smart_meter/stream                 each reading and each change of a link, as server-sent events

401 without a valid token; 403 from another host over plain HTTP where the meter's options do not allow it; 404 for a
meter that is not there; 503 for one that is not heard: what was true once is not told as if it were now.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Final

from aiohttp import web
from homeassistant.components.http.const import KEY_HASS_REFRESH_TOKEN_ID
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONTENT_TYPE_JSON, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from ..const import CONF_PLAIN_HTTP
from ..customer_interface.jsonform import to_text
from . import feed
from .feed import Outlet

# A comment that keeps proxies from closing a stream of a meter that speaks seldom.
KEEP_ALIVE: Final = 15.0
# What a client that does not read may fall behind; seed 004, C.1 allows 60 seconds at one telegram a second.
MOST_WAITING: Final = 60


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the views."""
    for view in (MetersView, ReadingView, StreamView):
        hass.http.register_view(view)


def _answer(form: Any, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(
        text=to_text(form),
        status=status,
        content_type=CONTENT_TYPE_JSON,
        headers={"Cache-Control": "no-store"},
    )


def _refusal(status: HTTPStatus, message: str) -> web.Response:
    return _answer({"message": message}, status)


def _forbidden() -> web.Response:
    return _refusal(
        HTTPStatus.FORBIDDEN,
        "Readings are only handed out over HTTPS or on this host, until the meter's options allow plain HTTP",
    )


def _is_protected(request: web.Request) -> bool:
    """Tell whether nobody else on the network can read the answer."""
    if request.secure or request.remote is None:
        return True
    try:
        return ip_address(request.remote.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _allows(request: web.Request, entry: ConfigEntry) -> bool:
    return _is_protected(request) or bool(entry.options.get(CONF_PLAIN_HTTP))


def _allows_any(request: web.Request, entries: Iterable[ConfigEntry]) -> bool:
    return _is_protected(request) or any(_allows(request, entry) for entry in entries)


class MetersView(HomeAssistantView):
    """The meters there are."""

    url = "/api/smart_meter/meters"
    name = "api:smart_meter:meters"

    async def get(self, request: web.Request) -> web.Response:
        """List the meters the caller may see."""
        hass = request.app[KEY_HASS]
        if not _allows_any(request, feed.entries(hass)):
            return _forbidden()
        return _answer(
            {
                "meters": [
                    _summary(outlet)
                    for outlet in feed.outlets(hass)
                    if _allows(request, outlet.coordinator.config_entry)
                ]
            }
        )


def _summary(outlet: Outlet) -> dict[str, Any]:
    identity, heard = outlet.meter.identity, outlet.meter.heard
    return {
        "id": outlet.id,
        "name": outlet.name,
        "number": identity.number,
        "manufacturer": identity.manufacturer,
        "medium": identity.medium,
        "link": outlet.link.value,
        "arrival_time": None
        if heard is None
        else datetime.fromtimestamp(heard, UTC).isoformat(),
    }


class ReadingView(HomeAssistantView):
    """The last reading of a meter."""

    url = "/api/smart_meter/meters/{meter_id}/reading"
    name = "api:smart_meter:reading"

    async def get(self, request: web.Request, meter_id: str) -> web.Response:
        """Return the document, or say why there is none."""
        hass = request.app[KEY_HASS]
        outlet = feed.find(hass, meter_id)
        stopped = _stopped(hass, meter_id)
        entry = outlet.coordinator.config_entry if outlet else stopped
        if not (_allows(request, entry) if entry else _is_protected(request)):
            return _forbidden()
        if entry is None:
            return _refusal(HTTPStatus.NOT_FOUND, "There is no such meter")
        if outlet is None or not outlet.is_current:
            return _refusal(
                HTTPStatus.SERVICE_UNAVAILABLE, "The meter is not heard at present"
            )
        return _answer(outlet.document())


def _stopped(hass: HomeAssistant, meter_id: str) -> ConfigEntry | None:
    return next(
        (
            entry
            for entry in feed.entries(hass)
            if entry.unique_id == meter_id
            and entry.state is not ConfigEntryState.LOADED
        ),
        None,
    )


class StreamView(HomeAssistantView):
    """All readings as they come."""

    url = "/api/smart_meter/stream"
    name = "api:smart_meter:stream"

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Send events until the client, its login or Home Assistant ends."""
        hass = request.app[KEY_HASS]
        if not _allows_any(request, feed.entries(hass)):
            return _forbidden()
        response = web.StreamResponse(
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        await response.prepare(request)
        stream = _Stream(hass, request)
        try:
            await stream.send_to(response)
        except ConnectionResetError:
            pass  # The client has gone: that is how a stream ends.
        finally:
            stream.close()
        return response


class _Stream:
    """What waits to be sent to one client; the oldest goes where the client does not keep up."""

    def __init__(self, hass: HomeAssistant, request: web.Request) -> None:
        """Begin with the last reading of each meter."""
        self._request = request
        self._meter = request.query.get("meter")
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._news = asyncio.Event()
        self._ended = False
        for outlet in feed.outlets(hass):
            self._on_link(outlet)
            if outlet.is_current:
                self._on_reading(outlet)
        self._undo: list[CALLBACK_TYPE] = [
            async_dispatcher_connect(hass, feed.SIGNAL_READING, self._on_reading),
            async_dispatcher_connect(hass, feed.SIGNAL_LINK, self._on_link),
            hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._end),
        ]
        if token := request.get(KEY_HASS_REFRESH_TOKEN_ID):
            self._undo.append(
                hass.auth.async_register_revoke_token_callback(token, self._end)
            )

    def close(self) -> None:
        """Listen no more."""
        while self._undo:
            self._undo.pop()()

    async def send_to(self, response: web.StreamResponse) -> None:
        """Send what comes; returns when the stream is ended from this side."""
        while not self._ended:
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    await self._news.wait()
            except TimeoutError:
                await response.write(b": still here\n\n")
            self._news.clear()
            while self._waiting and not self._ended:
                await response.write(self._waiting.popleft().encode())

    @callback
    def _end(self, _: Event | None = None) -> None:
        self._ended = True
        self._news.set()

    @callback
    def _on_reading(self, outlet: Outlet) -> None:
        self._add(outlet, "reading", outlet.document())

    @callback
    def _on_link(self, outlet: Outlet) -> None:
        self._add(outlet, "link", {"id": outlet.id, "link": outlet.link.value})

    def _add(self, outlet: Outlet, kind: str, form: Any) -> None:
        if self._meter not in (None, outlet.id):
            return
        if _allows(self._request, outlet.coordinator.config_entry):
            self._waiting.append(f"event: {kind}\ndata: {to_text(form)}\n\n")
            self._news.set()
