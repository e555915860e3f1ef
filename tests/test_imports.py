"""What reading one meter loads, each time in a fresh interpreter: only what its telegrams need, and all of it before the first."""

import json
import os
import subprocess
import sys

import pytest

from customer_interface.simulate import simulator
from tests.conftest import INTEGRATION

AT = 1_790_000_000.0

# The modules after the import, once a session is ready, and after its first telegram.
SCRIPT = """
import sys
before = set(sys.modules)
profile, *hexadecimal = sys.argv[1:]
from customer_interface import catalogue
from customer_interface.keys import Key, KeyRing
from customer_interface.session import make_session
steps = [set(sys.modules) - before]
data, *secrets = map(bytes.fromhex, hexadecimal)
keys = [Key(secret) for secret in secrets]
ring = KeyRing(tuple(keys[:1]), tuple(keys[1:]))
session = make_session(catalogue.profiles()[profile], ring)
steps.append(set(sys.modules) - before)
session.start(AT)
outputs = session.receive(data, AT) + session.wake(AT + 1)
assert any(type(output).__name__ == "Reading" for output in outputs), outputs
steps.append(set(sys.modules) - before)
import json
print(json.dumps([sorted(step) for step in steps]))
""".replace("AT", str(AT))

# Slow to load, and no telegram in plain text needs them.
HEAVY = {
    *(
        "annotationlib",
        "argparse",
        "ast",
        "asyncio",
        "cryptography",
        "dataclasses",
        "hashlib",
        "importlib.resources",
    ),
    *("inspect", "logging", "pathlib", "serialx", "ssl", "statistics", "zoneinfo"),
}
LIBRARY = "customer_interface."
# What only the set-up needs: operators, meters, and what to buy.
SET_UP = ("catalogue.operators", "catalogue.plugs")
# Of the library, by the profile: what no meter of it needs.
OTHERS = {
    "p1-dsmr5": (
        *(
            "application.c1219",
            "application.dlms",
            "application.mbus",
            "application.sml",
        ),
        *(
            "link.bare",
            "link.hdlc",
            "link.mbus",
            "link.sml",
            "link.wmbus",
            "oms",
            "radio",
        ),
        *("security", "session.bus", "session.detect", "session.master", "session.mep"),
        *("session.radio", "simulate", "sink", "source", "stack.apdu", "stack.mbus"),
    ),
    "mbus-kamstrup": (
        *(
            "application.c1219",
            "application.dsmr",
            "application.mbus",
            "application.sml",
        ),
        *(
            "link.bare",
            "link.mbus",
            "link.p1",
            "link.sml",
            "link.wmbus",
            "oms",
            "radio",
        ),
        *("session.bus", "session.detect", "session.master", "session.mep"),
        *("session.radio", "simulate", "sink", "source", "stack.mbus", "stack.text"),
    ),
    "optical-sml": (
        *(
            "application.c1219",
            "application.dlms",
            "application.dsmr",
            "application.mbus",
        ),
        *(
            "link.bare",
            "link.hdlc",
            "link.mbus",
            "link.p1",
            "link.wmbus",
            "oms",
            "radio",
        ),
        *("security", "session.bus", "session.detect", "session.master", "session.mep"),
        *("session.radio", "simulate", "sink", "source", "stack.apdu", "stack.mbus"),
    ),
}
ROWS = {
    "p1-dsmr5": ("nl-p1", "dsmr-5"),
    "mbus-kamstrup": ("stadtwerke", "kamstrup-omnipower"),
    "optical-sml": ("de-sml", "sml-meter"),
}


def loaded(profile: str) -> list[set[str]]:
    """Return the modules that are loaded after each step."""
    meter = simulator(*ROWS[profile])
    arguments = (profile, meter.telegram(AT).hex(), *meter.keys.values())
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=os.environ | {"PYTHONPATH": str(INTEGRATION)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [set(step) for step in json.loads(done.stdout)]


def of_library(modules: set[str]) -> set[str]:
    """Return the modules of the library."""
    return {name.removeprefix(LIBRARY) for name in modules if name.startswith(LIBRARY)}


@pytest.mark.parametrize("profile", ROWS)
def test_only_what_a_profile_needs(profile: str) -> None:
    """Neither the import nor a session of one profile loads what only others need."""
    imported, ready, read = loaded(profile)
    assert "session" in of_library(imported)
    assert not [
        name for name in of_library(ready) if name.startswith(OTHERS[profile] + SET_UP)
    ]
    assert not ready & HEAVY
    # A session that is made, in a thread, leaves nothing for the first telegram to load.
    assert of_library(read) == of_library(ready)
