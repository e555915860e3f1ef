"""The standardised document of seed 004, section D."""

from datetime import datetime, timedelta, timezone
import json

import pytest

from customer_interface.dataset import KEYS, ROWS, document
from customer_interface.jsonform import to_text
from customer_interface.obis import ObisCode
from customer_interface.reading import MeterIdentity, Reading, Value
from customer_interface.units import scaled

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=1)))


def reading(values, **identity):
    """Return a reading with these values."""
    return Reading(
        MeterIdentity(**identity),
        NOON,
        {ObisCode.parse(code): value for code, value in values.items()},
        arrived=NOON.timestamp(),
    )


def test_every_key_is_there():
    """A meter that sends nothing gives all keys, empty."""
    form = document(Reading())
    assert tuple(form["values"]) == KEYS
    assert set(form["values"].values()) == {None}


def test_keys_are_canonical():
    """Every key reads as itself, and no quantity has two but for Netz OÖ's repetition."""
    assert [str(ObisCode.parse(key)) for key in KEYS] == list(KEYS)
    assert {row.key for row in ROWS if row.amis} == {
        key for key in KEYS if key.startswith("1-1:")
    }


@pytest.mark.parametrize(
    "printed",
    ["0-0:C.1.0.255", "0.0.1", "0-0:96.1.1.255", "1-3:0.2.8.255,2", "1-0:15.8.4.255"],
)
def test_spellings_of_the_seed_are_in_the_table(printed):
    """Nothing that section D prints is forgotten."""
    assert any(row.printed == printed for row in ROWS)


def test_values_units_and_exact_numbers():
    """Numbers keep their digits and units."""
    form = document(
        reading(
            {
                "1-0:1.8.0": Value(12_937, "Wh"),
                "1-0:32.7.0": Value(scaled(2_330, -1), "V"),
            },
            number="123",
        )
    )
    assert form["values"]["1-0:1.8.0"] == {"value": 12_937, "unit": "Wh"}
    assert '"value": 233.0' in to_text(form)
    assert form["values"]["0-0:96.1.0"] == {"value": "123", "unit": None}
    assert form["meter_time"] == "2026-03-01T12:00:00+01:00"
    assert form["arrival_time"] == "2026-03-01T11:00:00+00:00"
    assert json.loads(to_text(form))["values"]["1-0:2.7.0"] is None


def test_only_netz_ooe_repeats_under_its_spelling():
    """1-1 codes are filled for its meters and for no other."""
    values = {"1-0:1.8.0": Value(1, "Wh")}
    assert (
        document(reading(values, manufacturer="SAM"))["values"]["1-1:1.8.0"]["value"]
        == 1
    )
    assert document(reading(values, manufacturer="KFM"))["values"]["1-1:1.8.0"] is None


def test_channel_one_fills_the_canonical_key():
    """A Kamstrup's 1-1:1.8.0 is the reader's 1-0:1.8.0."""
    form = document(reading({"1-1:1.8.0": Value(7, "Wh")}, manufacturer="KAM"))
    assert form["values"]["1-0:1.8.0"]["value"] == 7
    assert form["further"] == {}


def test_what_section_d_does_not_name_is_kept():
    """Further values stand beside it under their own code."""
    form = document(reading({"1-0:14.7.0": Value(50, "Hz")}))
    assert form["further"] == {"1-0:14.7.0": {"value": 50, "unit": "Hz"}}
