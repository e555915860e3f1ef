"""The published schema fits every document, and nothing that is none."""

from collections.abc import Callable
from datetime import UTC, datetime
import json
from typing import Any

from hypothesis import given, strategies as st
import jsonschema
import pytest

from customer_interface.dataset import KEYS, document
from customer_interface.jsonform import to_text
from customer_interface.obis import ObisCode
from customer_interface.reading import (
    LogEntry,
    MeterIdentity,
    Reading,
    Record,
    RecordFunction,
    Value,
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=20),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.datetimes(),
    st.dates(),
    st.times(),
)
UNITS = st.sampled_from([None, "Wh", "V", "m³"])
TIMES = st.none() | st.datetimes(timezones=st.just(UTC))
LOGS = st.lists(st.builds(LogEntry, TIMES, SCALARS, UNITS), max_size=3).map(tuple)
VALUES = st.builds(Value, SCALARS, UNITS, TIMES, st.none() | LOGS)
GROUP = st.integers(0, 255)
CODES = st.sampled_from([ObisCode.parse(key) for key in KEYS]) | st.builds(
    ObisCode, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP
)
READINGS = st.builds(
    Reading,
    meter=st.builds(
        MeterIdentity,
        number=st.none() | st.text(max_size=8),
        title=st.none() | st.text("0123456789ABCDEF", min_size=16, max_size=16),
        channel=st.integers(0, 4),
    ),
    time=TIMES,
    values=st.dictionaries(CODES, VALUES, max_size=6),
    records=st.lists(
        st.tuples(
            st.sampled_from(["volume", "energy"]),
            SCALARS,
            UNITS,
            st.sampled_from(RecordFunction),
        ).map(lambda parts: Record(*parts)),
        max_size=3,
    ).map(tuple),
    arrived=st.none() | st.floats(0, 4e9),
)


@given(READINGS)
def test_every_reading(
    validate: Callable[[Any], None],
    reading: Reading,
) -> None:
    """Whatever a meter says, its document as text is one the schema knows."""
    validate(json.loads(to_text(document(reading))))


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2.0"},
        {"values": {}},
        {"authenticated": None},
        {"meter": {}},
        {"further": {"power": {"value": 1, "unit": "W"}}},
        {"further": {"1-0:14.7.0": 50}},
        {"records": [{"quantity": "volume"}]},
        {"arrival_time": "yesterday"},
    ],
    ids=str,
)
def test_what_is_no_document(
    validate: Callable[[Any], None], change: dict[str, Any]
) -> None:
    """A document of another kind is refused."""
    form = json.loads(to_text(document(Reading(arrived=datetime.now(UTC).timestamp()))))
    validate(form)
    with pytest.raises(jsonschema.ValidationError):
        validate({**form, **change})


def test_later_versions_are_readable(validate: Callable[[Any], None]) -> None:
    """What a later 1.x adds does not hinder a reader of 1.0."""
    form = json.loads(to_text(document(Reading())))
    form["values"]["1-0:99.9.9"] = {"value": 1, "unit": None}
    validate({**form, "version": "1.7", "added": True})
