"""The WebSocket commands that feed the card: `smart_meter/subscribe` tells a meter's values as they come."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.decorators import (
    async_response,
    websocket_command,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
import probatio

from ..const import DOMAIN
from ..customer_interface.jsonform import scalar
from ..customer_interface.units import exact_text
from ..descriptions import describe, shown_value
from ..meter import POWER_EXPORT, POWER_IMPORT, POWER_NET, MeterData, Point
from . import feed
from .feed import Outlet


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the command."""
    async_register_command(hass, _async_subscribe)


@websocket_command(
    {
        probatio.Required("type"): f"{DOMAIN}/subscribe",
        probatio.Optional("device"): str,
        probatio.Optional("language", default="en"): str,
    }
)
@async_response
async def _async_subscribe(
    hass: HomeAssistant,
    connection: ActiveConnection,
    message: dict[str, Any],
) -> None:
    """Send the state of one meter now, with each reading, and when its link changes."""
    names = await async_get_translations(hass, message["language"], "entity", {DOMAIN})
    device: str | None = message.get("device")
    number: int = message["id"]

    @callback
    def tell(outlet: Outlet) -> None:
        if _is_of(hass, outlet, device):
            connection.send_event(number, _state(outlet, names))

    undo = [
        async_dispatcher_connect(hass, signal, tell)
        for signal in (feed.SIGNAL_READING, feed.SIGNAL_LINK)
    ]

    @callback
    def unsubscribe() -> None:
        while undo:
            undo.pop()()

    connection.subscriptions[number] = unsubscribe
    connection.send_result(number)
    known = next((o for o in feed.outlets(hass) if _is_of(hass, o, device)), None)
    connection.send_event(number, _state(known, names) if known else _STOPPED)


_STOPPED: dict[str, Any] = {
    "meter": None,
    "link": feed.LinkState.STOPPED.value,
    "rows": [],
}


def _is_of(hass: HomeAssistant, outlet: Outlet, device: str | None) -> bool:
    """Tell whether this is the meter that was asked for; without a wish it is the first."""
    if device is None:
        first = next(feed.outlets(hass), None)
        return first is not None and first.id == outlet.id
    entry = dr.async_get(hass).async_get(device)
    return entry is not None and (DOMAIN, outlet.id) in entry.identifiers


def _state(outlet: Outlet, names: dict[str, str]) -> dict[str, Any]:
    """Return what the card shows; `now` lets it place times of this host on its own clock."""
    meter = outlet.meter
    return {
        "meter": {
            "id": outlet.id,
            "name": outlet.name,
            "number": meter.identity.number,
        },
        "link": outlet.link.value,
        "now": dt_util.utcnow().timestamp(),
        "heard": meter.heard,
        "interval": meter.interval,
        "power": _power(outlet),
        "energy": {
            "import": _entity(outlet, meter.find((1, 8, 0))),
            "export": _entity(outlet, meter.find((2, 8, 0))),
        },
        "rows": [_row(outlet, point, names) for point in _points(meter)],
    }


def _points(meter: MeterData) -> Iterator[Point]:
    return (point for point in meter.points.values() if point.value.log is None)


def _row(outlet: Outlet, point: Point, names: dict[str, str]) -> dict[str, Any]:
    description = describe(point, outlet.meter.identity.medium)
    key = f"component.{DOMAIN}.entity.{Platform.SENSOR}.{description.translation_key}.name"
    name = names.get(key, point.key)
    for placeholder, text in description.placeholders:
        name = name.replace(f"{{{placeholder}}}", text)
    available = outlet.coordinator.is_available(outlet.meter, point)
    value = shown_value(point, description, outlet.coordinator.factor)
    return {
        "key": point.key,
        "name": name,
        "value": _text(value) if available else None,
        "number": isinstance(value, int | Decimal) and not isinstance(value, bool),
        "unit": point.value.unit,
    }


def _text(value: Any) -> str | None:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return exact_text(value)
    return None if value is None else str(scalar(value))


def _power(outlet: Outlet) -> dict[str, Any] | None:
    """Return the active power of the last telegram that told it, in W and positive while the household draws.

    None where one of the two directions is missing: nothing is calculated from half of it.
    """
    meter, factor = outlet.meter, outlet.coordinator.factor
    drawn, fed, net = map(meter.find, (POWER_IMPORT, POWER_EXPORT, POWER_NET))
    if net is None and drawn is not None and fed is not None and drawn.at != fed.at:
        return None
    point = net or drawn
    if point is None or not outlet.coordinator.is_available(meter, point):
        return None
    value = _number(point)
    if net is None and fed is not None:
        value = None if value is None else _minus(value, _number(fed))
    if value is None:
        return None
    return {"at": point.at, "net": float(value * factor), "export": bool(net or fed)}


def _minus(drawn: int | Decimal, fed: int | Decimal | None) -> int | Decimal | None:
    return None if fed is None else drawn - fed


def _number(point: Point) -> int | Decimal | None:
    value = point.value.value
    return value if isinstance(value, int | Decimal) else None


def _entity(outlet: Outlet, point: Point | None) -> str | None:
    """Return the entity of a counter, for Home Assistant's own statistics of today."""
    if point is None:
        return None
    return er.async_get(outlet.coordinator.hass).async_get_entity_id(
        Platform.SENSOR, DOMAIN, f"{outlet.id}_{point.key}"
    )
