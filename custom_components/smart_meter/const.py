"""Names the modules of the integration share."""

from enum import StrEnum
import logging
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "smart_meter"
LOGGER = logging.getLogger(__package__)

# What a device's page leads to: how this kind of meter is read, and what its values mean.
METER_PAGES: Final = (
    "https://github.com/smart-meter-home/smart-meter/blob/main/docs/meters/"
)

PLATFORMS: Final = [Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR]

# Keys of entry.data; the port is Home Assistant's own CONF_PORT, so that its list of serial ports finds it.
CONF_OPERATOR: Final = "operator"
CONF_METER: Final = "meter"
CONF_KEYS: Final = "keys"  # id of the catalogue's KeySpec -> wrapped key
CONF_NEW_KEYS: Final = (
    "new_keys"  # the same for keys that wait for the telegram that proves them
)
CONF_LINE: Final = "line"  # set by hand, as "2400 8E1"; absent for the profile's own
CONF_ENCRYPTION: Final = (
    "encryption"  # what is expected, set by hand; absent for whatever the meter sends
)
CONF_RADIO_MODE: Final = (
    "radio_mode"  # of a stick, set by hand; absent for the usual one
)
CONF_IDENTITY: Final = "identity"  # what the meter said of itself at set-up
CONF_DONGLE: Final = (
    "dongle"  # hardware address of the dongle the port is on, where it was discovered
)
CONF_SUCCESSOR: Final = "successor"  # what tells the device of an exchanged meter from the old one's: number or date
CONF_SIMULATED: Final = "simulated"  # no port: a simulated meter
CONF_PENDING: Final = (
    "pending"  # set up before the first telegram: the identity is still made up
)
CONF_METERS: Final = "meters"  # in a form: those of a list that were picked
CONF_ADDRESS: Final = "address"  # where a meter is on a wired bus
CONF_INTERVAL: Final = "interval"  # seconds between readings of a meter that is asked
CONF_ADD_TO_ENERGY: Final = "add_to_energy"  # to do once the entities are there

# Fields several actions share.
ATTR_CONFIG_ENTRY_ID: Final = "config_entry_id"

# Keys of entry.options.
CONF_POLL_INTERVAL: Final = (
    "poll_interval"  # seconds between two readings of a meter that is asked
)
CONF_UPDATE_PACE: Final = "update_pace"
CONF_MAXIMUM_POWER: Final = "maximum_power"  # kW
CONF_TRANSFORMER_FACTOR: Final = "transformer_factor"
CONF_MQTT: Final = "mqtt"  # publish readings
CONF_PLAIN_HTTP: Final = "plain_http"  # hand readings to other hosts without TLS

SIMULATED_PORT: Final = "simulated"

# A meter whose telegrams may be further apart can be set up before one was heard, and keeps its values over a restart.
SLOW_INTERVAL: Final = 60.0


class UpdatePace(StrEnum):
    """How often values become states."""

    USUAL = "usual"  # power with each telegram, counters at most every 10 s
    EVERY = "every"  # everything with each telegram
    MINUTE = "minute"  # everything at most once a minute


class Encryption(StrEnum):
    """What the user expects of a meter's telegrams."""

    AUTO = "auto"  # what the meter sends is read as it is protected
    NONE = "none"  # no key is asked for or used
    ENCRYPTED = "encrypted"
    AUTHENTICATED = "authenticated"
