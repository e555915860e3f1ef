"""The demo: a simulated meter, a real Home Assistant, the integration's own config flow; see script/demo."""

import argparse
import asyncio
from pathlib import Path
import sys
import tempfile
from typing import Any

from home import DemoError, Home, Simulator

from customer_interface import catalogue
from customer_interface.catalogue.operators import Offer

# A push may be this far away before its absence is a failure, besides three of the meter's own intervals.
PATIENCE = 90.0


def main() -> int:
    """Run the demo; 0, or 1 with the reason as the last line."""
    options = _options()
    if options.list:
        _list_rows()
        return 0
    folder = Path(options.config or tempfile.mkdtemp(prefix="smart-meter-demo-"))
    try:
        asyncio.run(_demo(options, folder))
    except KeyboardInterrupt:
        return 0
    except (DemoError, TimeoutError, catalogue.CatalogueError) as err:
        print(f"config: {folder}")
        print(str(err) or "it took too long")
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/demo",
        description="A simulated household in a real Home Assistant.",
    )
    parser.add_argument(
        "--operator",
        default="netz-noe",
        metavar="ID",
        help="grid operator (default: netz-noe)",
    )
    parser.add_argument(
        "--meter", metavar="ID", help="meter (default: the operator's first)"
    )
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    parser.add_argument(
        "--check", action="store_true", help="wait for live values, print them and end"
    )
    parser.add_argument(
        "--config", metavar="FOLDER", help="configuration folder (default: a new one)"
    )
    parser.add_argument(
        "--port", type=int, help="port of the frontend (default: a free one)"
    )
    parser.add_argument(
        "--language",
        default="en",
        choices=["en", "de"],
        help="language of the frontend",
    )
    return parser.parse_args()


def _list_rows() -> None:
    for operator in catalogue.load().operators.values():
        for offer in operator.offers:
            print(f"--operator {operator.id} --meter {offer.meter.id}")


async def _demo(options: argparse.Namespace, folder: Path) -> None:
    operator = catalogue.load().operator(options.operator)
    offer = operator.offer(options.meter or operator.offers[0].meter.id)
    simulator = Simulator(operator.id, offer.meter.id)
    keys = await simulator.keys()
    url = await simulator.start()
    try:
        async with Home(folder, port=options.port, language=options.language) as home:
            await set_up(home, operator.id, offer, url, keys)
            if options.check:
                await check(home, offer)
                print(f"config: {folder}")
                return
            print(
                f"Home Assistant: {home.url}\nUser: {home.user}\nPassword: {home.password}",
                flush=True,
            )
            print(
                "Energy dashboard: Energy in the side bar. Ctrl-C ends the demo.",
                flush=True,
            )
            await asyncio.Event().wait()
    finally:
        await simulator.stop()


async def set_up(
    home: Home,
    operator: str,
    offer: Offer,
    url: str,
    keys: dict[str, str],
    *,
    to_energy: bool = True,
) -> dict[str, Any]:
    """Go through the config flow as a user would; returns the created entry."""
    answers = {
        "operator": operator,
        "meter": offer.meter.id,
        "port": url,
        "add_to_energy": to_energy,
        # The field of a meter found on a wired bus.
        "key": next(iter(keys.values()), ""),
        **keys,
    }
    step = await home.flow()
    async with asyncio.timeout(PATIENCE + 3 * offer.profile.interval[1]):
        while step["type"] != "create_entry":
            step = await _answer(home, step, answers)
    return step


async def _answer(
    home: Home, step: dict[str, Any], answers: dict[str, Any]
) -> dict[str, Any]:
    match step["type"]:
        case "form":
            if step.get("errors"):
                raise DemoError(
                    f"the config flow refused step {step['step_id']}: {step['errors']}"
                )
            fields = {field["name"]: field for field in step["data_schema"] or []}
            known = answers | _picked(fields)
            return await home.flow(
                {name: known[name] for name in fields if name in known},
                step["flow_id"],
            )
        case "menu":
            return await home.flow(
                {"next_step_id": step["menu_options"][0]}, step["flow_id"]
            )
        case "progress":
            await asyncio.sleep(0.3)
            return await home.flow_progress(step["flow_id"])
        case "progress_done":
            return await home.flow({}, step["flow_id"])
        case _:
            raise DemoError(
                f"the config flow ended: {step.get('reason', step['type'])}"
            )


def _picked(fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Pick the first of the wireless meters a stick hears, or all on a wired bus; listen on where there is none yet."""
    if (meters := fields.get("meters")) is None:
        return {"listen_on": True}
    found = [option["value"] for option in meters["selector"]["select"]["options"]]
    return {
        "meters": found[:1] if "listen_on" in fields else found,
        "listen_on": False,
    }


async def check(home: Home, offer: Offer) -> None:
    """Wait until values arrive and change, then print them as a table."""
    async with asyncio.timeout(PATIENCE + 3 * offer.profile.interval[1]):
        first = await _live(home)
        while {
            row: value
            for row, value in (await _live(home)).items()
            if first.get(row) != value
        } == {}:
            await asyncio.sleep(0.5)
    rows = await _live(home)
    width = max(map(len, rows))
    for name, value in sorted(rows.items()):
        print(f"{name:{width}}  {value}")


async def _live(home: Home) -> dict[str, str]:
    """Wait for sensors with a value; returns `name -> value and unit`."""
    while True:
        states = [
            s
            for s in await home.states()
            if s["entity_id"].startswith("sensor.") and _is_ours(s)
        ]
        live = {
            s["attributes"].get(
                "friendly_name", s["entity_id"]
            ): f"{s['state']} {s['attributes'].get('unit_of_measurement', '')}".strip()
            for s in states
            if s["state"] not in ("unknown", "unavailable")
        }
        if any("device_class" in s["attributes"] for s in states) and live:
            return live
        await asyncio.sleep(0.5)


def _is_ours(state: dict[str, Any]) -> bool:
    """The demo has no other integration with sensors but Home Assistant's own (sun, backup)."""
    return not state["entity_id"].startswith(("sensor.sun_", "sensor.backup_"))


if __name__ == "__main__":
    sys.exit(main())
