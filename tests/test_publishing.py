"""Tests that mirror what hassfest and the HACS action check when the integration is published."""

import ast
import json
from pathlib import Path
import re
import string
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import Platform
import pytest
import yaml

from tests.conftest import INTEGRATION, ROOT

DOMAIN = "smart_meter"
LANGUAGES = ("en", "de", "nl", "fr", "it")

REQUIRED_KEYS = {
    "codeowners",
    "documentation",
    "domain",
    "iot_class",
    "issue_tracker",
    "name",
    "version",
}
OPTIONAL_KEYS = {
    "after_dependencies",
    "categories",
    "config_flow",
    "connectivity",
    "dependencies",
    "dhcp",
    "import_executor",
    "integration_type",
    "loggers",
    "mqtt",
    "quality_scale",
    "requirements",
    "single_config_entry",
    "usb",
    "zeroconf",
}
IOT_CLASSES = {
    "assumed_state",
    "calculated",
    "cloud_polling",
    "cloud_push",
    "local_polling",
    "local_push",
}
INTEGRATION_TYPES = {"device", "entity", "hardware", "helper", "hub", "service"}
# Components that may be imported without being named as dependency, besides the entity platforms.
ALWAYS_THERE = {
    "automation",
    "device_automation",
    "frontend",
    "homeassistant",
    "onboarding",
    "panel_custom",
    "persistent_notification",
    "system_health",
    "websocket_api",
} | {platform.value for platform in Platform}
# A file of this name is the integration's part of the component, which loads it.
PLATFORM_FILES = {"diagnostics", "hardware", "logbook", "recorder", "repairs"}

TRANSLATION_KEYS = {
    "common",
    "config",
    "config_panel",
    "config_subentries",
    "device",
    "device_automation",
    "entity",
    "exceptions",
    "issues",
    "options",
    "selector",
    "services",
    "system_health",
    "title",
}
FLOW_KEYS = {
    "abort",
    "create_entry",
    "error",
    "flow_title",
    "initiate_flow",
    "progress",
    "step",
}
STEP_KEYS = {
    "data",
    "data_description",
    "description",
    "menu_option_descriptions",
    "menu_options",
    "sections",
    "submit",
    "title",
}
KEY = re.compile(r"(?!.+[_-]{2})(?![_-])[a-z0-9-_]+(?<![_-])")
HTML = re.compile(r"<[a-zA-Z/!][^>]*>")
URL = re.compile(
    r"(?:(?:ftps?|https?|mqtts?|socket|socks5)://|www\.)[a-z0-9]", re.IGNORECASE
)

pytestmark = pytest.mark.skipif(
    not (INTEGRATION / "manifest.json").exists(),
    reason="the integration is not here yet",
)


def _json(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """Return the manifest of the integration."""
    return _json(INTEGRATION / "manifest.json")


def _translation(language: str) -> dict[str, Any]:
    return _json(INTEGRATION / "translations" / f"{language}.json")


def _leaves(tree: dict[str, Any], path: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the texts of a tree by their dotted path."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= _leaves(value, (*path, key))
        else:
            found[".".join((*path, key))] = value
    return found


def _sources() -> list[Path]:
    """Return the integration's own modules, without the library."""
    library = INTEGRATION / "customer_interface"
    return [p for p in sorted(INTEGRATION.rglob("*.py")) if library not in p.parents]


# --- manifest.json ------------------------------------------------------------------------------------------------


def test_manifest_keys(manifest: dict[str, Any]) -> None:
    """All that is required is there, nothing unknown, and in the order hassfest wants: domain, name, the alphabet."""
    keys = list(manifest)
    assert set(keys) >= REQUIRED_KEYS
    assert set(keys) <= REQUIRED_KEYS | OPTIONAL_KEYS
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]


def test_manifest_values(manifest: dict[str, Any]) -> None:
    """The values are of the kinds that hassfest and the loader accept."""
    assert manifest["domain"] == DOMAIN == INTEGRATION.name
    assert manifest["iot_class"] in IOT_CLASSES
    assert manifest.get("integration_type", "hub") in INTEGRATION_TYPES
    for key in ("documentation", "issue_tracker"):
        assert manifest[key].startswith("https://")
    assert "home-assistant.io/integrations" not in manifest["documentation"]
    assert manifest["codeowners"]
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    assert all(
        re.fullmatch(r"[\w.\[\]-]+==[\w.]+", requirement)
        for requirement in manifest.get("requirements", [])
    )
    assert not set(manifest.get("dependencies", [])) & set(
        manifest.get("after_dependencies", [])
    )


def test_manifest_version(manifest: dict[str, Any]) -> None:
    """The version is one that Home Assistant loads, and the library's too."""
    AwesomeVersion(
        manifest["version"],
        ensure_strategy=[
            AwesomeVersionStrategy.CALVER,
            AwesomeVersionStrategy.SEMVER,
            AwesomeVersionStrategy.PEP440,
        ],
    )
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{manifest["version"]}"\n' in project


def test_discovery_matchers(manifest: dict[str, Any]) -> None:
    """USB ids are in capitals, all else that is matched in small letters."""
    for matcher in manifest.get("usb", []):
        assert set(matcher) <= {
            "description",
            "known_devices",
            "manufacturer",
            "pid",
            "serial_number",
            "vid",
        }
        for key, value in matcher.items():
            if key in ("vid", "pid"):
                assert re.fullmatch(r"[0-9A-F]{4}", value)
            elif key != "known_devices":
                assert value == value.lower()
    for matcher in manifest.get("zeroconf", []):
        if isinstance(matcher, dict):
            assert set(matcher) <= {"name", "properties", "type"}
            assert matcher.get("name", "") == matcher.get("name", "").lower()


def test_config_flow(manifest: dict[str, Any]) -> None:
    """A configuration flow is announced where there is one, and gives its entries a unique id."""
    source = INTEGRATION / "config_flow.py"
    assert manifest.get("config_flow", False) == source.exists()
    if source.exists():
        assert re.search(
            r"async_set_unique_id|_async_abort_entries_match",
            source.read_text(encoding="utf-8"),
        )


def _imported_components(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {
            name.split(".")[2]
            for name in names
            if name.startswith("homeassistant.components.")
        }
    return found


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imported_components(manifest: dict[str, Any], path: Path) -> None:
    """A component that is imported is named as a dependency."""
    named = {*manifest.get("dependencies", []), *manifest.get("after_dependencies", [])}
    for key in ("usb", "zeroconf", "mqtt", "dhcp"):
        if key in manifest:
            named.add(key)
    part_of = {path.stem} & PLATFORM_FILES
    service_info = {
        "hassio"
    }  # hassio tells what it discovered; it is there or the step never runs
    assert _imported_components(path) <= named | ALWAYS_THERE | part_of | service_info


# --- translations, icons, services --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_shape(language: str) -> None:
    """A translation has known sections only, and keys that hassfest accepts."""
    tree = _translation(language)
    assert set(tree) <= TRANSLATION_KEYS
    for flow in (
        tree.get("config", {}),
        tree.get("options", {}),
        *tree.get("config_subentries", {}).values(),
    ):
        assert set(flow) <= FLOW_KEYS | {"entry_type"}
        for step in flow.get("step", {}).values():
            assert set(step) <= STEP_KEYS
            assert set(step.get("data_description", {})) <= set(step.get("data", {}))
    for section in ("entity", "exceptions", "selector", "device", "issues"):
        for path in _leaves(tree.get(section, {})):
            assert all(KEY.fullmatch(part) or part == "_" for part in path.split("."))
    for issue in tree.get("issues", {}).values():
        assert ("description" in issue) != ("fix_flow" in issue)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translated_texts(language: str) -> None:
    """A text holds no markup of HTML, no address, no reference to another, and placeholders that are names."""
    for path, text in _leaves(_translation(language)).items():
        assert isinstance(text, str) and text == text.strip() != "", path
        assert not HTML.search(text), path
        assert not URL.search(text), path
        assert "[%key:" not in text, path
        assert not re.search(r"'\{\w+\}'", text), path
        for _, field, _, _ in string.Formatter().parse(text):
            assert field is None or field.isidentifier(), path


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_translations_complete(language: str) -> None:
    """Every language says everything, with the same placeholders."""
    english, other = _leaves(_translation("en")), _leaves(_translation(language))
    assert set(other) == set(english)

    def placeholders(text: str) -> set[str]:
        return {field for _, field, _, _ in string.Formatter().parse(text) if field}

    for path, text in english.items():
        assert placeholders(other[path]) == placeholders(text), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_menus_fit_a_phone(language: str) -> None:
    """Home Assistant cuts off a menu's title and choices at one line, which is this long where a page has 360 pixels."""
    tree = _translation(language)
    flows = (tree["config"], *tree["config_subentries"].values())
    menus = [
        step
        for flow in flows
        for step in flow["step"].values()
        if "menu_options" in step
    ]
    choices = [choice for menu in menus for choice in menu["menu_options"].values()]
    assert not [menu["title"] for menu in menus if len(menu["title"]) > 27]
    assert not [choice for choice in choices if len(choice) > 37]


@pytest.mark.parametrize("language", LANGUAGES)
def test_issues_begin_with_what_is_wrong(language: str) -> None:
    """The list of repairs shows one line on a phone: what is wrong, before whose meter it is."""
    issues = _translation(language)["issues"].values()
    assert not [issue["title"] for issue in issues if issue["title"].startswith("{")]


def test_all_languages_are_tested() -> None:
    """No translation lies there untested."""
    files = (INTEGRATION / "translations").glob("*.json")
    assert {path.stem for path in files} == set(LANGUAGES)


def test_no_core_strings() -> None:
    """A custom integration has no strings.json."""
    assert not (INTEGRATION / "strings.json").exists()


def test_icons() -> None:
    """Icons are Material Design icons of entities and services that are translated."""
    icons = _json(INTEGRATION / "icons.json")
    english = _translation("en")
    assert set(icons) <= {"entity", "services"}
    for platform, entities in icons.get("entity", {}).items():
        for key, icon in entities.items():
            assert key in english["entity"][platform], f"{platform}.{key}"
            assert set(icon) <= {"default", "range", "state", "state_attributes"}
    assert set(icons.get("services", {})) <= set(english.get("services", {}))
    assert all(value.startswith("mdi:") for value in _leaves(icons).values())


def test_services() -> None:
    """Every action has a name, a description and an icon, every field a name and a description."""
    path = INTEGRATION / "services.yaml"
    registers = any(
        re.search(
            r"\.services\.async_register|async_register_(?:entity|platform_entity|admin)_service",
            source.read_text(encoding="utf-8"),
        )
        for source in _sources()
    )
    assert path.exists() == registers
    if not path.exists():
        return
    services = yaml.safe_load(path.read_text(encoding="utf-8"))
    texts = _translation("en")["services"]
    icons = _json(INTEGRATION / "icons.json")["services"]
    assert set(services) == set(texts) == set(icons)
    for name, service in services.items():
        assert {"name", "description"} <= set(texts[name])
        assert set(service or {}) <= {"fields", "target"}
        fields = (service or {}).get("fields", {})
        assert set(fields) == set(texts[name].get("fields", {}))
        for field in fields:
            assert {"name", "description"} <= set(texts[name]["fields"][field])


def test_exceptions_are_translated() -> None:
    """Every translation key that the integration's errors use has its message."""
    messages = _translation("en").get("exceptions", {})
    used = {
        keyword.value.value
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "").endswith(("Error", "Failed", "NotReady"))
        for keyword in node.keywords
        if keyword.arg == "translation_key" and isinstance(keyword.value, ast.Constant)
    }
    assert used <= set(messages)


# --- the repository -----------------------------------------------------------------------------------------------


def test_one_integration() -> None:
    """The Marketplace installs the first folder below custom_components, so there is one only."""
    folders = [
        path.name
        for path in (ROOT / "custom_components").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    ]
    assert folders == [DOMAIN]


def test_hacs_json() -> None:
    """hacs.json holds keys that HACS knows, of their kinds."""
    hacs = _json(ROOT / "hacs.json")
    kinds = {
        "content_in_root": bool,
        "country": (str, list),
        "filename": str,
        "hacs": str,
        "hide_default_branch": bool,
        "homeassistant": str,
        "name": str,
        "persistent_directory": str,
        "render_readme": bool,
        "zip_release": bool,
    }
    assert hacs["name"] == _json(INTEGRATION / "manifest.json")["name"]
    assert set(hacs) <= set(kinds)
    assert all(isinstance(value, kinds[key]) for key, value in hacs.items())
    assert not hacs.get("zip_release") or hacs["filename"].endswith(".zip")


def test_brand() -> None:
    """The integration brings its icon, a square PNG."""
    data = (INTEGRATION / "brand" / "icon.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert data[16:20] == data[20:24]


def test_licence_and_readme() -> None:
    """The licence is one that GitHub recognises, and the README says what it is."""
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    assert (ROOT / "README.md").read_text(encoding="utf-8").startswith("# Smart Meter")


def test_quality_scale() -> None:
    """The checklist of the quality scale names every rule once, and why one is exempt."""
    rules = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text("utf-8"))
    assert len(rules["rules"]) == 54
    for rule, state in rules["rules"].items():
        if isinstance(state, dict):
            assert state["status"] in ("done", "exempt", "todo"), rule
            assert state["comment"], rule
        else:
            assert state in ("done", "todo"), rule
