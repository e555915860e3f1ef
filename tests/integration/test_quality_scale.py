"""The quality scale's 54 rules, held to the code: each rule that is done or exempt has its check here."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
import yaml

from custom_components.smart_meter import issues
from custom_components.smart_meter.const import DOMAIN, PLATFORMS
from custom_components.smart_meter.event import CHANGES
from tests.conftest import INTEGRATION, ROOT

TESTS = ROOT / "tests"
MODULES = sorted((*INTEGRATION.glob("*.py"), *INTEGRATION.glob("output/*.py")))
ACTIONS = ("key_exchange", "services")
RAISED = {"ConfigEntryAuthFailed", "ConfigEntryError", "ConfigEntryNotReady"} | {
    "HomeAssistantError",
    "ServiceValidationError",
}


@cache
def text(path: Path) -> str:
    """Return a file's text."""
    return path.read_text(encoding="utf-8")


@cache
def tree(name: str) -> ast.Module:
    """Return a module of the integration."""
    return ast.parse(text(INTEGRATION / f"{name}.py"))


@cache
def said() -> dict[str, Any]:
    """Return the English texts; others are held to them elsewhere."""
    found: dict[str, Any] = json.loads(text(INTEGRATION / "translations" / "en.json"))
    return found


@cache
def manifest() -> dict[str, Any]:
    """Return the manifest."""
    found: dict[str, Any] = json.loads(text(INTEGRATION / "manifest.json"))
    return found


def functions(name: str) -> set[str]:
    """Return the names of all functions of a module."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree(name)) if isinstance(node, kinds)}


def classes(name: str) -> Iterator[ast.ClassDef]:
    """Yield the classes of a module."""
    yield from (n for n in tree(name).body if isinstance(n, ast.ClassDef))


def raised() -> Iterator[tuple[str, ast.Call]]:
    """Yield each exception for users that is made anywhere, with its module."""
    for path in MODULES:
        for node in ast.walk(ast.parse(text(path))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED:
                yield path.stem, node


def everywhere(pattern: str) -> list[str]:
    """Return the modules in which a pattern is found."""
    return [path.stem for path in MODULES if re.search(pattern, text(path))]


def is_tested(*names: str) -> bool:
    """Tell whether these tests exist, as `file::test`."""
    for name in names:
        file, _, test = name.partition("::")
        found = next(TESTS.rglob(f"{file}.py"), None)
        if found is None or f"def {test}(" not in text(found):
            return False
    return True


def documented(page: str, *words: str) -> bool:
    """Tell whether a page of the documentation has these words."""
    return all(word in text(ROOT / page) for word in words)


# --- what code can tell -----------------------------------------------------------------------------------------------


def described_fields() -> bool:
    """Whether each field of the first flow says what goes into it."""
    steps = said()["config"]["step"].values()
    return all(
        set(step.get("data", {})) == set(step.get("data_description", {}))
        for step in steps
    )


def every_step_tested() -> bool:
    """Whether each step that shows something occurs in a test, by its name or as one of a kind (`trouble_...`)."""
    written = "".join(text(path) for path in (TESTS / "integration").glob("*.py"))
    return all(
        re.search(rf"\b{step}\b", written) or f"{step.partition('_')[0]}_{{" in written
        for step in said()["config"]["step"]
    )


def nothing_in_init() -> bool:
    """Whether no entity subscribes to anything before it is added."""
    return not any(
        re.search(r"async_listen|async_add_listener|async_track", ast.unparse(method))
        for platform in PLATFORMS
        for one in classes(platform.value)
        for method in one.body
        if isinstance(method, ast.FunctionDef) and method.name == "__init__"
    )


def entities_have_a_base() -> bool:
    """Whether each entity class begins with one of ours, which give it unique id, name and device."""
    known = {one.name for one in classes("entity")}
    for platform in PLATFORMS:
        for one in classes(platform.value):
            bases = [getattr(base, "id", "") for base in one.bases]
            if any(base.endswith("Entity") for base in bases) or known & set(bases):
                if not known & set(bases):
                    return False
                known.add(one.name)
    body = text(INTEGRATION / "entity.py")
    own = len(list(classes("entity")))
    return body.count("_attr_unique_id = ") == body.count("_attr_device_info = ") == own


def named_entities() -> bool:
    """Whether each base class takes part in Home Assistant's naming."""
    own = len(list(classes("entity")))
    return text(INTEGRATION / "entity.py").count("_attr_has_entity_name = True") == own


def translated_entities() -> bool:
    """Whether each literal translation key of an entity has a name."""
    keys = {platform.value: set[str]() for platform in PLATFORMS}
    for platform in PLATFORMS:
        pattern = r'_attr_translation_key = "(\w+)"'
        keys[platform.value] |= set(
            re.findall(pattern, text(INTEGRATION / f"{platform.value}.py"))
        )
    keys["event"] |= {description.key for description in CHANGES}
    return all(
        "name" in said()["entity"][platform][key]
        for platform, names in keys.items()
        for key in names
    )


def translated_exceptions() -> bool:
    """Whether each exception for users is translated; a literal key has its text."""
    calls = list(raised())
    for _, call in calls:
        given = {word.arg: word.value for word in call.keywords}
        if not {"translation_domain", "translation_key"} <= set(given):
            return False
        key = given["translation_key"]
        if isinstance(key, ast.Constant) and key.value not in said()["exceptions"]:
            return False
    return bool(calls)


def translated_repairs() -> bool:
    """Whether each repair says what happened and what to do."""
    kinds = {*issues.TOLD, *issues.FIXABLE}
    kinds |= {f"port_{reason}" for reason in issues.PORT_REASONS}
    return kinds <= set(said()["issues"])


def parallel_updates() -> bool:
    """Whether each platform says that it pushes."""
    return all(
        "\nPARALLEL_UPDATES = 0\n" in text(INTEGRATION / f"{platform.value}.py")
        for platform in PLATFORMS
    )


def strict_typing() -> bool:
    """Whether mypy is strict, and the library says that it is typed."""
    typed = INTEGRATION / "customer_interface" / "py.typed"
    return typed.is_file() and "strict = true" in text(ROOT / "pyproject.toml")


CHECKS: dict[str, Callable[[], bool]] = {
    # Bronze
    "action-setup": lambda: (
        "async_setup_services(hass)" in text(INTEGRATION / "__init__.py")
    ),
    "appropriate-polling": lambda: (
        not everywhere(r"SCAN_INTERVAL|update_interval=(?!None)")
    ),
    "brands": lambda: (INTEGRATION / "brand" / "icon.png").is_file(),
    "common-modules": lambda: all(
        (INTEGRATION / f"{name}.py").is_file() for name in ("coordinator", "entity")
    ),
    "config-flow-test-coverage": every_step_tested,
    "config-flow": lambda: manifest()["config_flow"] and described_fields(),
    "dependency-transparency": lambda: manifest()["requirements"] == [],
    "docs-actions": lambda: all(
        f"`{DOMAIN}.{action}`" in text(ROOT / "docs" / "configuration.md")
        for action in said()["services"]
    ),
    "docs-conditions": lambda: not (INTEGRATION / "condition.py").exists(),
    "docs-high-level-description": lambda: documented("README.md", "# Smart Meter"),
    "docs-installation-instructions": lambda: documented(
        "docs/installation.md", "## Through the Marketplace", "## By hand"
    ),
    "docs-removal-instructions": lambda: documented(
        "docs/installation.md", "## Removing"
    ),
    "docs-triggers": lambda: not (INTEGRATION / "trigger.py").exists(),
    "entity-event-setup": nothing_in_init,
    "entity-unique-id": entities_have_a_base,
    "has-entity-name": named_entities,
    "runtime-data": lambda: (
        "entry.runtime_data = coordinator" in text(INTEGRATION / "__init__.py")
        and not everywhere(r"hass\.data\[DOMAIN\]")
    ),
    "test-before-configure": lambda: is_tested(
        "test_config_flow::test_missing_port", "test_config_flow::test_refused_keys"
    ),
    "test-before-setup": lambda: (
        not {"async_look_up", "async_start"}
        - set(re.findall(r"await .*?(\w+)\(", text(INTEGRATION / "__init__.py")))
    ),
    "unique-config-entry": lambda: is_tested(
        "test_config_flow::test_port_taken", "test_config_flow::test_meter_known"
    ),
    # Silver
    "action-exceptions": lambda: (
        not any(
            not re.search(r"ServiceValidationError|_refusal", ast.unparse(node))
            for name in ACTIONS
            for node in ast.walk(tree(name))
            if isinstance(node, ast.Raise)
        )
    ),
    "config-entry-unloading": lambda: "async_unload_entry" in functions("__init__"),
    "docs-configuration-parameters": lambda: documented(
        "docs/configuration.md", "## Options"
    ),
    "docs-installation-parameters": lambda: documented(
        "docs/configuration.md", "## Setting up"
    ),
    "entity-unavailable": lambda: (
        is_tested("test_meters::test_a_message_alone")
        and "is_available" in functions("sensor") | functions("coordinator")
    ),
    "integration-owner": lambda: bool(manifest()["codeowners"]),
    "log-when-unavailable": lambda: (
        text(INTEGRATION / "coordinator.py").count("_unavailable_logged = True") == 1
    ),
    "parallel-updates": parallel_updates,
    "reauthentication-flow": lambda: (
        {"async_step_reauth", "async_step_reauth_confirm"} <= functions("config_flow")
        and is_tested("test_config_flow::test_reauth")
    ),
    # Gold
    "devices": lambda: is_tested("test_meters::test_device_pages"),
    "diagnostics": lambda: (
        "async_get_config_entry_diagnostics" in functions("diagnostics")
        and is_tested("test_privacy::test_diagnostics_without_a_running_entry")
    ),
    "discovery-update-info": lambda: is_tested(
        "test_discovery::test_dongle_that_is_elsewhere_now"
    ),
    "discovery": lambda: (
        {"async_step_zeroconf", "async_step_hassio", "async_step_usb"}
        <= functions("discovery_flow")
        and bool(manifest()["zeroconf"] and manifest()["usb"])
    ),
    "docs-data-update": lambda: documented("docs/data.md", "## How values are updated"),
    "docs-examples": lambda: (
        documented("docs/blueprints.md", "Import")
        and documented("docs/data.md", "```yaml")
    ),
    "docs-known-limitations": lambda: documented("docs/data.md", "## Known limits"),
    "docs-supported-devices": lambda: (
        ROOT / "docs" / "meters" / "README.md"
    ).is_file(),
    "docs-supported-functions": lambda: documented("docs/data.md", "## Entities"),
    "docs-troubleshooting": lambda: documented(
        "docs/troubleshooting.md", "## While setting up"
    ),
    "docs-use-cases": lambda: documented("docs/blueprints.md", "surplus", "peak"),
    "dynamic-devices": lambda: is_tested("test_meters::test_meters_behind"),
    "entity-category": lambda: everywhere(r"EntityCategory\.DIAGNOSTIC") != [],
    "entity-device-class": lambda: (
        TESTS / "integration" / "test_descriptions.py"
    ).is_file(),
    "entity-disabled-by-default": lambda: bool(
        everywhere(r"entity_registry_enabled_default=_is_shown")
    ),
    "entity-translations": translated_entities,
    "exception-translations": translated_exceptions,
    "icon-translations": lambda: (
        not everywhere(r"_attr_icon|\bicon=") and (INTEGRATION / "icons.json").is_file()
    ),
    "reconfiguration-flow": lambda: (
        "async_step_reconfigure" in functions("config_flow")
        and is_tested("test_config_flow::test_reconfigure")
    ),
    "repair-issues": translated_repairs,
    "stale-devices": lambda: (
        "async_remove_config_entry_device" in functions("__init__")
    ),
    # Platinum
    "async-dependency": lambda: (
        not everywhere(r"time\.sleep|import requests|import serial\b")
    ),
    "inject-websession": lambda: not everywhere(r"ClientSession\("),
    "strict-typing": strict_typing,
}
# Measured where the tests run, and stated in the README.
MEASURED = {"test-coverage"}


def rules() -> dict[str, Any]:
    """Return what the checklist says, by rule."""
    found: dict[str, Any] = yaml.safe_load(text(INTEGRATION / "quality_scale.yaml"))
    return dict(found["rules"])


def test_every_rule_is_looked_at() -> None:
    """No rule is left out, and none is still to do."""
    assert set(rules()) == set(CHECKS) | MEASURED
    assert len(rules()) == 54
    assert "todo" not in rules().values()


@pytest.mark.parametrize("rule", CHECKS)
def test_rule(rule: str) -> None:
    """The code does what the checklist says."""
    assert CHECKS[rule]()


async def test_actions_without_a_meter(hass: HomeAssistant) -> None:
    """Actions are there before the first meter is."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert set(hass.services.async_services()[DOMAIN]) == set(said()["services"])
