"""Every configuration is one ESPHome accepts, and says what the documents promise of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import FIRMWARE, run

DONGLES = sorted(path.stem for path in FIRMWARE.glob("dongles/*.yaml"))
BOARDS = sorted(path.stem for path in FIRMWARE.glob("boards/*.yaml"))
FRONT_ENDS = sorted(path.stem for path in FIRMWARE.glob("frontends/*.yaml"))
# Speaks to the meter (the radio module's line ends at the module).
TRANSMIT = {"optical-transmit", "mep", "radio"}
# Kamstrup's slot has room for the smallest boards only, and no cable to a computer.
TOO_LARGE_FOR_CCC = {"esp8266", "ethernet", "esp32-s3-usb"}
LINES = {
    "mbus": (2400, "EVEN"),
    "p1": (115200, "NONE"),
    "optical": (9600, "NONE"),
    "optical-transmit": (9600, "EVEN"),
    "ccc": (2400, "NONE"),
    "mep": (9600, "NONE"),
    "radio": (57600, "NONE"),
}

type Validated = Callable[[str], dict[str, Any]]


class Loader(yaml.SafeLoader):
    """YAML as ESPHome prints it, with tags of its own."""


def _plain(loader: Loader, _: str, node: yaml.Node) -> Any:
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


Loader.add_multi_constructor("!", _plain)


@pytest.fixture(scope="session")
def validated(esphome: Path) -> Validated:
    """Return what ESPHome makes of a dongle's configuration; fails where it is not valid."""
    known: dict[str, dict[str, Any]] = {}

    def validate(dongle: str) -> dict[str, Any]:
        if dongle not in known:
            path = FIRMWARE / "dongles" / f"{dongle}.yaml"
            result = run(esphome, "config", "--show-secrets", str(path))
            assert result.returncode == 0, (result.stdout + result.stderr)[-4_000:]
            known[dongle] = yaml.load(result.stdout, Loader)
        return known[dongle]

    return validate


def front_end_of(dongle: str) -> str:
    """Return the last part of a dongle's name."""
    return max((f for f in FRONT_ENDS if dongle.endswith(f"-{f}")), key=len)


def test_every_sensible_pair_of_board_and_front_end_is_there() -> None:
    """A dongle for each board and front end that fit together."""
    assert set(FRONT_ENDS) == set(LINES)
    expected = {
        f"{board}-{front_end}"
        for board in BOARDS
        for front_end in FRONT_ENDS
        if board != "host" and not (front_end == "ccc" and board in TOO_LARGE_FOR_CCC)
    }
    assert set(DONGLES) == expected


@pytest.mark.parametrize("dongle", DONGLES)
def test_it_is_valid_and_only_transmits_where_it_must(
    dongle: str, validated: Validated
) -> None:
    """Front ends that only listen have no transmit pin, so that the chip cannot speak to the meter."""
    configuration, front_end = validated(dongle), front_end_of(dongle)
    (uart,) = configuration["uart"]
    assert ("tx_pin" in uart) is (front_end in TRANSMIT)
    assert (uart["baud_rate"], uart.get("parity", "NONE")) == LINES[front_end]
    assert uart["rx_pin"]["inverted"] is (front_end == "p1")


@pytest.mark.parametrize("dongle", [d for d in DONGLES if "usb" not in d])
def test_it_is_closed(dongle: str, validated: Validated) -> None:
    """No credentials in the image, no open web server, updates only with a password or the device's key."""
    configuration = validated(dongle)
    assert "web_server" not in configuration
    assert configuration["api"]["encryption"] == {}, "each device gets its own key"
    assert configuration["provisioning"]["timeout"]
    assert configuration["safe_mode"]["disabled"] is False
    (updates,) = [o for o in configuration["ota"] if o["platform"] == "esphome"]
    assert updates["password"] == "", "a new one is made at each start"
    assert "set_auth_password" in str(configuration["esphome"]["on_boot"])
    wifi = configuration.get("wifi")
    if wifi is None:
        assert "captive_portal" not in configuration
        return
    assert "networks" not in wifi
    # Captive portals take firmware, so theirs must never open again once a Wi-Fi is known.
    assert wifi["ap"]["ap_timeout"] in ("0s", "0ms", 0)


@pytest.mark.parametrize("dongle", [d for d in DONGLES if "usb" not in d])
def test_it_has_its_lamps_and_its_port(dongle: str, validated: Validated) -> None:
    """Connection problem and "decoded" have pins of their own, and the proxy a name the integration is told."""
    configuration = validated(dongle)
    (port,) = configuration["serial_proxy"]
    assert port["name"] == "Meter"
    (decoded,) = configuration["output"]
    actions = [action["action"] for action in configuration["api"]["actions"]]
    assert actions == ["telegram_decoded"]
    pins = [
        pin["number"]
        for pin in (
            configuration["status_led"]["pin"],
            decoded["pin"],
            port["rts_pin"],
            *(uart.get("tx_pin") for uart in configuration["uart"]),
            configuration["uart"][0]["rx_pin"],
        )
        if pin
    ]
    assert len(pins) == len(set(pins)), "no pin has two tasks"


@pytest.mark.parametrize("dongle", [d for d in DONGLES if "usb" in d])
def test_by_usb_only_there_is_no_network(dongle: str, validated: Validated) -> None:
    """A USB serial adapter: no radio, no API, no log between the meter's bytes."""
    configuration = validated(dongle)
    assert not {"wifi", "ethernet", "api", "ota", "web_server"} & set(configuration)
    assert configuration["logger"]["baud_rate"] == 0
    (bridge,) = configuration["bridge"]
    assert bridge["uart_id"] == configuration["uart"][0]["id"]
