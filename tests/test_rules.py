"""Tests of the rules of the house that can be read off the source: who imports whom, and what no tracked file holds."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import INTEGRATION, ROOT

LIBRARY = INTEGRATION / "customer_interface"

WORDS = {
    "checksum",
    "errors",
    "keys",
    "line",
    "mbus_address",
    "media",
    "named",
    "obis",
    "quantity",
    "reading",
    "units",
}
ROOMS = {"application", "link", "plausibility", "radio", "security", "transport"}
FORMS = {"dataset", "jsonform"}
STACK = {"oms", "shape", "stack"}
_BELOW_SESSION = WORDS | ROOMS | STACK | {"catalogue"}

# Which rooms of the library a room may import besides itself; what is not named here speaks to a person (the command
# line and its parts) and may import all but `simulate`.
MAY_IMPORT = {
    **dict.fromkeys(WORDS | ROOMS | {"simulate"}, WORDS),
    **dict.fromkeys(FORMS, WORDS | FORMS),
    # The catalogue hands the rooms what they need, such as positional layouts, in the rooms' own types.
    "catalogue": WORDS | ROOMS,
    **dict.fromkeys(STACK, WORDS | ROOMS | STACK),
    "session": _BELOW_SESSION,
    "source": _BELOW_SESSION | {"session"},
    "sink": _BELOW_SESSION | FORMS | {"session"},
}
# Packages from outside the standard library, and the rooms that may need them.
PACKAGES = {
    "aiomqtt": {"sink"},
    "cryptography": {"security", "simulate"},
    "serialx": {"source"},
}


def _modules() -> list[Path]:
    return sorted(LIBRARY.rglob("*.py"))


def _name(path: Path) -> str:
    parts = path.relative_to(LIBRARY).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _room(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _own_imports(path: Path, known: set[str]) -> Iterator[str]:
    """Yield the library modules that a module imports, wherever in it."""
    package = path.relative_to(LIBRARY).parts[:-1]
    for node in ast.walk(_tree(path)):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        start = [
            *package[: len(package) - node.level + 1],
            *(node.module or "").split("."),
        ]
        module = ".".join(part for part in start if part)
        for alias in node.names:
            name = f"{module}.{alias.name}".lstrip(".")
            yield name if name in known or not module else module


def _foreign_imports(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the top-level names that a module imports absolutely, with the statement."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.split(".")[0], node


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """Return the library's modules, each with those that it imports."""
    paths = {_name(path): path for path in _modules()}
    return {
        name: set(_own_imports(path, set(paths))) - {name}
        for name, path in paths.items()
    }


def test_library_is_looked_at(imports: dict[str, set[str]]) -> None:
    """The words are found, and an import between them: else the tests below look at nothing."""
    assert set(imports) > WORDS
    assert "obis" in imports["quantity"]


def test_imports_point_one_way(imports: dict[str, set[str]]) -> None:
    """No room imports what lies above it, and no room its neighbour."""
    wrong = [
        f"{module} imports {target}"
        for module, targets in imports.items()
        for target in targets
        if (room := _room(module)) in MAY_IMPORT
        and _room(target) not in MAY_IMPORT[room] | {room}
    ]
    assert not wrong


def test_simulators_stand_alone(imports: dict[str, set[str]]) -> None:
    """Only the command line imports the simulators, so that they can contradict the decoder."""
    users = {
        module
        for module, targets in imports.items()
        if _room(module) != "simulate"
        and any(_room(target) == "simulate" for target in targets)
    }
    assert users <= {"__main__"}


def test_no_cycles(imports: dict[str, set[str]]) -> None:
    """No two modules need each other; a package is not its modules."""
    graph = {
        module: targets for module, targets in imports.items() if module in imports
    }
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_packages_from_outside(path: Path) -> None:
    """A module imports the standard library, its own relatively, and few packages where they belong.

    `cryptography` is only loaded when a key needs it.
    """
    room = _room(_name(path))
    top_level = _tree(path).body
    for package, statement in _foreign_imports(path):
        if package in sys.stdlib_module_names:
            continue
        assert room in PACKAGES.get(package, ()), f"line {statement.lineno}: {package}"
        if package == "cryptography":
            assert statement not in top_level, f"line {statement.lineno}: not lazy"


def test_named_tuples_are_the_librarys() -> None:
    """One class of typing's in a module that a telegram needs would load what `named` spares all the others."""
    wrong = [
        _name(path)
        for path in _modules()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom)
        and node.module == "typing"
        and "NamedTuple" in {alias.name for alias in node.names}
    ]
    assert wrong == ["named"]


def test_dataclasses_are_the_simulators() -> None:
    """A dataclass loads `inspect`, which takes as long as a whole session: values are named tuples."""
    users = {
        _room(_name(path))
        for path in _modules()
        if "dataclasses" in {package for package, _ in _foreign_imports(path)}
    }
    assert users == {"simulate"}


def _tracked() -> list[Path]:
    if shutil.which("git") is None:
        pytest.skip("git is not here")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


FORBIDDEN = {
    "a path of one machine": r"(?<![\w.])/(?:wor[k]|op[t]|tm[p]/[a-z]\w*|hom[e]/\w+)/",
    "a package registry's address": r"pypi\.or[g]|pythonhosted\.or[g]|npmjs\.(?:or[g]|com)|(?:deb|snapshot)\.debian\.or[g]",
    "a resolved address in a lock file": r"\"resolve[d]\":",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_tracked_files(what: str) -> None:
    """No tracked file names a path of one machine or a package registry."""
    pattern = re.compile(FORBIDDEN[what].encode())
    found = [
        f"{path.relative_to(ROOT)}: {match[0].decode()}"
        for path in _tracked()
        if (match := pattern.search(path.read_bytes()))
    ]
    assert not found


def test_the_forbidden_would_be_found() -> None:
    """The patterns match what they are for."""
    examples = {
        "a path of one machine": "in /work" + "/x",
        "a package registry's address": "https://pypi" + ".org/simple",
        "a resolved address in a lock file": '"resolved"' + ": 1",
    }
    for what, example in examples.items():
        assert re.search(FORBIDDEN[what], example)


def test_home_assistant_is_pinned_as_documented() -> None:
    """The oldest Home Assistant that is tested is the one that hacs.json asks for."""
    assert (
        "homeassistant==2026.10.4"
        in (ROOT / "requirements" / "dev.txt").read_text("utf-8").split()
    )
    assert '"homeassistant": "2026.10.4"' in (ROOT / "hacs.json").read_text("utf-8")
