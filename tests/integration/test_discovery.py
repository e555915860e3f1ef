"""Discovery: dongles in the network and from the app that flashes them, and USB devices that name themselves."""

from copy import replace
from ipaddress import ip_address
from typing import Any

from homeassistant.components.usb.models import USBDevice
from homeassistant.components.usb.utils import usb_device_matches_matcher
from homeassistant.components.zeroconf.discovery import _match_against_props
from homeassistant.config_entries import (
    SOURCE_HASSIO,
    SOURCE_IGNORE,
    SOURCE_USB,
    SOURCE_ZEROCONF,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.usb import UsbServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.loader import async_get_usb, async_get_zeroconf
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_meter.const import DOMAIN
from tests.integration.conftest import Line, Meter
from tests.integration.test_config_flow import answer, choose, progress, progressed

MAC = "a0:76:4e:11:22:33"
# What a node of addon/firmware announces, as ESPHome 2026.10 writes it.
ANNOUNCED = ZeroconfServiceInfo(
    ip_address=ip_address("192.0.2.7"),
    ip_addresses=[ip_address("192.0.2.7")],
    port=6053,
    hostname="meter-mbus-112233.local.",
    type="_esphomelib._tcp.local.",
    name="meter-mbus-112233._esphomelib._tcp.local.",
    properties={
        "friendly_name": "Smart Meter M-Bus 112233",
        "version": "2026.10.0",
        "mac": "a0764e112233",
        "platform": "ESP32",
        "board": "seeed_xiao_esp32c3",
        "network": "wifi",
        "project_name": "smart-meter-home.mbus",
        "project_version": "0.1.0",
        "api_encryption_supported": "Noise_NNpsk0_25519_ChaChaPoly_SHA256",
    },
)
NODE_PORT = "esphome-hass://esphome/node?port_name=Meter"
ADDRESS = "esphome://192.0.2.7:6053/?port_name=Meter"
FLASHED = {
    "mac": "A0:76:4E:11:22:33",
    "firmware": "Smart Meter dongle",
    "version": "0.1.0",
    "addon": "Smart Meter Flasher",
}


def announced(**properties: str) -> ZeroconfServiceInfo:
    """Return what a node of one's own configuration announces, whose API is not encrypted."""
    said = {k: v for k, v in ANNOUNCED.properties.items() if "encryption" not in k}
    return replace(ANNOUNCED, properties=said | properties)


async def found(
    hass: HomeAssistant, info: ZeroconfServiceInfo = ANNOUNCED
) -> ConfigFlowResult:
    """Find a dongle in the network."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_ZEROCONF}, data=info
    )


async def offered(hass: HomeAssistant, **config: Any) -> ConfigFlowResult:
    """Be offered a dongle by the app."""
    info = HassioServiceInfo(FLASHED | config, "Flasher", "flasher", "1234")
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_HASSIO}, data=info
    )


async def plugged(
    hass: HomeAssistant, device: str, description: str
) -> ConfigFlowResult:
    """Plug a USB device in."""
    info = UsbServiceInfo(
        device=device,
        vid="0403",
        pid="6001",
        serial_number="P1X",
        manufacturer="FTDI",
        description=description,
    )
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USB}, data=info
    )


def node_of(hass: HomeAssistant, **more: Any) -> MockConfigEntry:
    """Add the dongle to ESPHome."""
    node = MockConfigEntry(
        domain="esphome", entry_id="node", unique_id=MAC, title="Dongle", **more
    )
    node.add_to_hass(hass)
    return node


def name_in(hass: HomeAssistant, result: ConfigFlowResult) -> str:
    """Return how the list of discovered devices names a flow."""
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["flow_id"] == result["flow_id"]
    return str(flow["context"]["title_placeholders"]["name"])


async def port_of(hass: HomeAssistant, result: ConfigFlowResult) -> str:
    """Go on to the step that asks for the port, and return what stands in its field."""
    result = await answer(hass, result)
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "reader")
    result = await choose(hass, result, "unknown")
    assert result["data_schema"] is not None
    return str(result["data_schema"]({})["port"])


# --- dongles in the network ------------------------------------------------------------------------------------------


async def test_dongle_is_matched(hass: HomeAssistant) -> None:
    """Home Assistant takes our firmware for ours, and no other node of ESPHome."""
    matchers = (await async_get_zeroconf(hass))[ANNOUNCED.type]
    (matcher,) = (one for one in matchers if one["domain"] == DOMAIN)
    wanted = matcher["properties"]
    assert isinstance(wanted, dict)
    assert _match_against_props(wanted, ANNOUNCED.properties)
    for other in ({}, {"project_name": "esphome.bluetooth-proxy"}):
        assert not _match_against_props(wanted, other)


async def test_dongle_that_esphome_does_not_know(hass: HomeAssistant) -> None:
    """It is named, nothing is opened, and its address is the port where it is not encrypted."""
    result = await found(hass, announced())
    assert (result["type"], result["step_id"]) == (
        FlowResultType.FORM,
        "reader_confirm",
    )
    assert name_in(hass, result) == "Smart Meter M-Bus 112233"
    assert (await found(hass))["reason"] == "already_in_progress"
    assert await port_of(hass, result) == ADDRESS


async def test_dongle_is_named_as_the_user_names_it(hass: HomeAssistant) -> None:
    """Its device's name, its front end and its room; its port is ESPHome's."""
    node = node_of(hass)
    registry = dr.async_get(hass)
    device = registry.async_get_or_create(
        config_entry_id=node.entry_id, connections={("mac", MAC)}, name="meter-mbus"
    )
    area = ar.async_get(hass).async_create("Cellar")
    registry.async_update_device(
        device.id, name_by_user="Smart Meter dongle", area_id=area.id
    )
    result = await found(hass)
    assert name_in(hass, result) == "Smart Meter dongle (M-Bus, Cellar)"
    assert await port_of(hass, result) == NODE_PORT


async def test_dongle_that_is_added_to_esphome_while_the_question_is_open(
    hass: HomeAssistant,
) -> None:
    """One that encrypts has no key before it is added there; the user is told so, and the port is looked up then."""
    result = await answer(hass, await found(hass))
    assert result["errors"] == {"base": "dongle_not_added"}
    ignored = node_of(hass, source=SOURCE_IGNORE)
    result = await answer(hass, result)
    assert result["errors"] == {"base": "dongle_not_added"}
    await hass.config_entries.async_remove(ignored.entry_id)
    node_of(hass)
    assert await port_of(hass, result) == NODE_PORT


async def test_dongle_with_a_radio_module(hass: HomeAssistant) -> None:
    """It is a stick: the next question is whether it is there."""
    result = await found(hass, announced(project_name="smart-meter-home.radio"))
    result = await answer(hass, result)
    assert result["step_id"] == "radio_port"
    assert result["data_schema"] is not None
    assert result["data_schema"]({})["port"] == ADDRESS


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        (ADDRESS, "already_configured"),
        (NODE_PORT, "already_configured"),
        ("esphome-hass://esphome/another?port_name=Meter", None),
        ("esphome://192.0.2.8:6053/?port_name=Meter", None),
        ("/dev/ttyUSB0", None),
        # Typed for a meter that was not waited for, so that nobody opened it.
        ("socket://meter:99999", None),
        ("socket://[meter", None),
    ],
)
async def test_dongle_in_use(
    hass: HomeAssistant, port: str, reason: str | None
) -> None:
    """What an entry reads through is not offered again, however its port is written."""
    node_of(hass)
    MockConfigEntry(domain=DOMAIN, data={"port": port}).add_to_hass(hass)
    assert (await found(hass)).get("reason") == reason


@pytest.mark.parametrize(
    ("known", "port"),
    [
        (False, "esphome://192.0.2.9:6053/?port_name=Meter"),
        (True, NODE_PORT),
    ],
    ids=["moved", "added to ESPHome"],
)
async def test_dongle_that_is_elsewhere_now(
    hass: HomeAssistant, known: bool, port: str
) -> None:
    """An entry follows its dongle to a new address, and to ESPHome, which gives it a key."""
    entry = MockConfigEntry(domain=DOMAIN, data={"port": ADDRESS, "dongle": MAC})
    entry.add_to_hass(hass)
    if known:
        node_of(hass)
    moved = replace(ANNOUNCED, ip_address=ip_address("192.0.2.9"))
    assert (await found(hass, moved))["reason"] == "already_configured"
    assert entry.data["port"] == port
    await hass.async_block_till_done()


async def test_dongle_ignored(hass: HomeAssistant) -> None:
    """Who does not want it is not asked again, by neither way it is found."""
    await found(hass)
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": flow["context"]["unique_id"], "title": "Dongle"},
    )
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert (await found(hass))["reason"] == "already_configured"
    assert (await offered(hass, host="192.0.2.7"))["reason"] == "already_configured"


async def test_node_without_an_address(hass: HomeAssistant) -> None:
    """What does not say who it is is not offered."""
    info = announced()
    del info.properties["mac"]
    assert (await found(hass, info))["reason"] == "not_a_dongle"


# --- dongles from the app --------------------------------------------------------------------------------------------


async def test_flashed_dongle_in_the_network(hass: HomeAssistant) -> None:
    """It is offered by its address; discovered by the network too, it is one dongle."""
    result = await offered(hass, host="192.0.2.7", port=6053, name="meter-mbus-112233")
    assert name_in(hass, result) == "Smart Meter dongle (M-Bus)"
    assert (await found(hass))["reason"] == "already_in_progress"
    node_of(hass)
    assert await port_of(hass, result) == NODE_PORT


async def to_entry(
    hass: HomeAssistant, result: ConfigFlowResult, meter: Meter, **port: str
) -> ConfigEntry:
    """Go from the question whether it is to be set up to the entry; `port` is what the user chooses instead."""
    result = await choose(hass, await answer(hass, result), "operator")
    result = await answer(hass, result, operator=meter.row["operator"])
    result = await answer(hass, result, meter=meter.row["meter"])
    assert result["data_schema"] is not None
    result = await answer(hass, result, **result["data_schema"](port))
    await progress(hass, result, "listen_no_bytes")
    meter.send()
    result = await progressed(hass, result, 30)
    assert result["step_id"] == "keys"
    result = await progressed(hass, await answer(hass, result, **meter.keys), 30)
    assert result["step_id"] == "values"
    result = await answer(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    return result["result"]


async def test_flashed_dongle_on_usb(
    hass: HomeAssistant, meter: Meter, line: Line
) -> None:
    """From the app's offer to the entry, which is the meter's and knows its dongle."""
    entry = await to_entry(hass, await offered(hass, device=line.url), meter)
    assert entry.unique_id == meter.number
    assert entry.data["port"] == line.url
    assert entry.data["dongle"] == MAC
    again = await offered(hass, device=line.url)
    assert again["reason"] == "already_configured"
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_another_port_is_not_the_dongles(
    hass: HomeAssistant, meter: Meter, line: Line
) -> None:
    """Who chooses another port than the dongle's has an entry that does not follow the dongle."""
    node_of(hass)
    result = await offered(hass, host="192.0.2.7")
    entry = await to_entry(hass, result, meter, port=line.url)
    assert entry.data["port"] == line.url
    assert "dongle" not in entry.data
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("config", [{}, {"host": "192.0.2.7", "mac": ""}])
async def test_offer_that_says_nothing(
    hass: HomeAssistant, config: dict[str, str]
) -> None:
    """An offer without port or hardware address is refused."""
    assert (await offered(hass, **config))["reason"] == "not_a_dongle"


# --- USB -------------------------------------------------------------------------------------------------------------

# As their descriptors were reported; docs/configuration.md names where.
USB_DEVICES = {
    "iM871A": ("10C4", "EA60", "Silicon Labs", "WiMOD iM871A-usb"),
    "AMB8465": ("0403", "6001", "AMBER", "AMB8465 Wireless USB Stick"),
    "nanoCUL": ("0403", "6001", "SHK", "NANO CUL 868"),
    "CUL": ("03EB", "204B", "busware.de", "CUL868"),
    "P1 cable": ("0403", "6001", "FTDI", "P1 Converter Cable"),
    "own dongle": ("303A", "4001", "Smart Meter", "Smart Meter M-Bus"),
}
CHIPS = {
    "FTDI": ("0403", "6001", "FTDI", "FT232R USB UART"),
    "CP2102": (
        "10C4",
        "EA60",
        "Silicon Labs",
        "CP2102 USB to UART Bridge Controller",
    ),
    "CH340": ("1A86", "7523", None, "USB Serial"),
    "ESP32-S3": ("303A", "4001", "Espressif Systems", "ESP32S3"),
}


@pytest.mark.parametrize("name", [*USB_DEVICES, *CHIPS])
async def test_usb_devices_that_name_themselves(hass: HomeAssistant, name: str) -> None:
    """A device is offered where its descriptor names it, by one matcher; a bare chip never."""
    vid, pid, manufacturer, description = (USB_DEVICES | CHIPS)[name]
    device = USBDevice(
        device="/dev/ttyUSB0",
        vid=vid,
        pid=pid,
        serial_number="1",
        manufacturer=manufacturer,
        description=description,
    )
    matching = [
        matcher
        for matcher in await async_get_usb(hass)
        if matcher["domain"] == DOMAIN and usb_device_matches_matcher(device, matcher)
    ]
    assert len(matching) == (name in USB_DEVICES)


@pytest.mark.parametrize("description", ["P1 Converter Cable", "Smart Meter M-Bus"])
async def test_cable_that_names_itself(
    hass: HomeAssistant, line: Line, description: str
) -> None:
    """A cable is offered for a wired meter; plugged in elsewhere it is not offered again."""
    result = await plugged(hass, line.url, description)
    assert result["step_id"] == "reader_confirm"
    assert name_in(hass, result) == description
    assert (await plugged(hass, line.url, description))[
        "reason"
    ] == "already_in_progress"
    assert await port_of(hass, result) == line.url
