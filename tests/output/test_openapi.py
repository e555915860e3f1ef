"""The description of the REST interface, tried against the real one by schemathesis."""

import asyncio
from pathlib import Path
import sys

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import yaml

from custom_components.smart_meter.output.feed import LinkState
from tests.conftest import ROOT
from tests.integration.conftest import Meter, until

DESCRIPTION = ROOT / "docs" / "openapi.yaml"


def test_names() -> None:
    """The description names the states of a link as the code does."""
    form = yaml.safe_load(DESCRIPTION.read_text("utf-8"))
    names = form["components"]["schemas"]["Link"]["enum"]
    assert names == [state.value for state in LinkState]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("known", [True, False], ids=["own meter", "any meter"])
async def test_description(
    hass: HomeAssistant,
    meter: Meter,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_access_token: str,
    tmp_path: Path,
    known: bool,
) -> None:
    """Whatever is asked, the answer is one that the description allows; without a token none is given."""
    meter.send()
    await until(hass, lambda: entry.runtime_data.statistics.readings)
    client = await hass_client()
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(
        f'[parameters]\nmeter_id = "{meter.number}"\n' if known else "", "utf-8"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(settings),
        "run",
        str(DESCRIPTION),
        "--url",
        str(client.make_url("")),
        "--header",
        f"Authorization: Bearer {hass_access_token}",
        # The stream does not end; its own tests are in test_rest.py.
        "--exclude-path",
        "/api/smart_meter/stream",
        "--max-examples",
        "25",
        "--generation-deterministic",
        "--no-color",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    talking = asyncio.create_task(process.communicate())
    while not talking.done():
        meter.send()
        await asyncio.wait({talking}, timeout=1)
    output, _ = talking.result()
    assert process.returncode == 0, output.decode()
    assert b"2 selected" in output, output.decode()
