"""Setting up a meter: who delivers it, which one it is, where it is plugged in, and its keys, tried at once."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, override
from uuid import uuid4

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowContext,
    ConfigFlowResult,
    ConfigSubentryData,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.translation import async_get_translations
import probatio

from . import energy
from .bus_flow import BusSteps, add_meters, bus_subentry_types, known_meters
from .const import (
    CONF_ADD_TO_ENERGY,
    CONF_ENCRYPTION,
    CONF_IDENTITY,
    CONF_KEYS,
    CONF_LINE,
    CONF_METER,
    CONF_NEW_KEYS,
    CONF_OPERATOR,
    CONF_PENDING,
    CONF_SIMULATED,
    CONF_SUCCESSOR,
    DOMAIN,
    SIMULATED_PORT,
    SLOW_INTERVAL,
    Encryption,
)
from .coordinator import EXPECTED, identity_to_store
from .customer_interface import catalogue
from .customer_interface.catalogue import KeySpec, Profile, SessionKind, text_in
from .customer_interface.catalogue.operators import Catalogue, GridOperator, Offer
from .customer_interface.catalogue.plugs import Plugs, load as load_plugs
from .customer_interface.errors import (
    CatalogueError,
    CustomerInterfaceError,
    KeyFormatError,
)
from .customer_interface.keys import Key, KeyKind, KeyRing, parse_key
from .customer_interface.line import LineSettings
from .customer_interface.reading import MeterIdentity
from .detect_flow import DetectSteps
from .flow_steps import KEY_FIELD, port_field
from .keystore import KeyStoreError, async_get_keystore, key_ring
from .listening import Listening, Outcome
from .options_flow import SmartMeterOptionsFlow
from .radio_flow import EXAMPLE, subentry_types
from .simulated import SimulatedMeter
from .summary import async_summary
from .wireless import RADIO, operator_of

# What an entry stores of who the meter is; the second where no telegram told it yet.
_UNHEARD = (CONF_IDENTITY, CONF_PENDING)

# The row a simulated meter is of, where the user does not choose one: a meter with all a household wants to see.
SIMULATED_OPERATOR, SIMULATED_METER = "netz-noe", "kaifa-ma309m"


class SmartMeterConfigFlow(
    DetectSteps,
    BusSteps[ConfigFlowContext, ConfigFlowResult, str],
    domain=DOMAIN,
):
    """Set up, change and repair the entry of a meter."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._catalogue: Catalogue
        self._plugs: Plugs
        self._operator: GridOperator
        self._offer: Offer
        self._data: dict[str, Any] = {}
        self._keys: dict[str, Key] = {}
        self._line: LineSettings | None = None
        self._encryption = Encryption.AUTO
        self._listening: Listening | None = None
        self._simulated: SimulatedMeter | None = None
        self._errors: dict[str, str] = {}

    # --- who and which -----------------------------------------------------------------------------------------------

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what the user knows."""
        return self.async_show_menu(
            step_id="user",
            menu_options=["operator", "unknown", "wireless", "simulated"],
        )

    async def async_step_operator(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the grid operator, by its name."""
        await self._async_load()
        if user_input is None:
            return self._show_operators()
        operator = self._named(user_input[CONF_OPERATOR])
        if operator is None:
            return self._show_operators(errors={CONF_OPERATOR: "operator_unknown"})
        self._operator = operator
        return await self.async_step_meter()

    @property
    def _language(self) -> str:
        return self.hass.config.language

    def _operator_label(self, operator: GridOperator) -> str:
        return f"{operator.name_in(self._language)} ({operator.country})"

    def _named(self, text: str) -> GridOperator | None:
        """Find an operator by what the list shows, or by its id."""
        known = self._catalogue.operators
        labels = {
            self._operator_label(operator): operator for operator in known.values()
        }
        return labels.get(text) or known.get(text)

    def _show_operators(
        self,
        chosen: GridOperator | None = None,
        errors: dict[str, str] | None = None,
    ) -> ConfigFlowResult:
        operators = sorted(
            self._catalogue.operators.values(),
            key=lambda operator: (operator.country, self._operator_label(operator)),
        )
        selector = SelectSelector(
            SelectSelectorConfig(
                options=[self._operator_label(operator) for operator in operators],
                mode=SelectSelectorMode.DROPDOWN,
                # Only lists that take values of one's own can be searched; such a value is refused.
                custom_value=True,
            )
        )
        # Without a default the frontend would choose the first for the user.
        default = self._operator_label(chosen) if chosen else ""
        field = probatio.Required(CONF_OPERATOR, default=default)
        return self.async_show_form(
            step_id="operator",
            data_schema=probatio.Schema({field: selector}),
            errors=errors or {},
        )

    async def async_step_meter(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the meter, by what is printed on it."""
        if user_input is not None:
            self._offer = self._operator.offer(user_input[CONF_METER])
            return await self.async_step_connection()
        selector = SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=o.meter.id, label=o.label(self._language))
                    for o in self._operator.offers
                ],
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
        default = self._data.get(CONF_METER)
        if default not in [o.meter.id for o in self._operator.offers]:
            default = self._operator.offers[0].meter.id
        return self.async_show_form(
            step_id="meter",
            data_schema=probatio.Schema(
                {probatio.Required(CONF_METER, default=default): selector}
            ),
            description_placeholders={
                "operator": self._operator.name_in(self._language)
            },
        )

    # --- where -------------------------------------------------------------------------------------------------------

    async def async_step_connection(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the port and open it."""
        if self._offer.profile.session is SessionKind.RADIO:
            return await self.async_step_radio_port()
        if user_input is not None:
            self._errors = {}
            self._use_port(user_input[CONF_PORT])
            self._take_encryption(user_input)
            if self._read_line(user_input, self._errors):
                return await self._async_after_connection()
        await self._async_stop_listening()
        return self.async_show_form(
            step_id="connection",
            data_schema=probatio.Schema(self._connection_fields()),
            errors=self._errors,
            description_placeholders={
                "meter": self._offer.meter.name_in(self._language),
                **self._plug(),
                "line": str(self._offer.profile.line or ""),
                "example": EXAMPLE,
            },
        )

    def _plug(self) -> dict[str, str]:
        """Return where the adapter goes and which it is, so that nobody has to know it."""
        profile = self._offer.profile
        socket = self._plugs.sockets[profile.socket]
        adapter = self._plugs.adapters[profile.adapter]
        return {
            "socket": text_in(socket.name, self._language),
            "find": text_in(socket.find, self._language),
            "adapter": text_in(adapter.name, self._language),
            "warning": text_in(adapter.warning, self._language),
        }

    def _connection_fields(self) -> dict[Any, Any]:
        fields = port_field(self._data.get(CONF_PORT))
        if self.source == SOURCE_RECONFIGURE:
            text = str(self._line or self._offer.profile.line or "")
            fields[
                probatio.Optional(CONF_LINE, description={"suggested_value": text})
            ] = TextSelector()
            fields[
                probatio.Required(CONF_ENCRYPTION, default=self._encryption.value)
            ] = _ENCRYPTIONS
        return fields

    def _take_encryption(self, user_input: dict[str, Any]) -> None:
        """Take the encryption expected by hand; where none is, no key is of use."""
        chosen = user_input.get(CONF_ENCRYPTION, self._encryption)
        self._encryption = Encryption(chosen)
        if self._encryption is Encryption.NONE:
            self._keys = {}

    def _read_line(self, user_input: dict[str, Any], errors: dict[str, str]) -> bool:
        """Take line settings set by hand; those of the profile are no setting of one's own."""
        if not (text := user_input.get(CONF_LINE, "").strip()):
            if self.source == SOURCE_RECONFIGURE:
                self._line = None
            return True
        try:
            line = LineSettings.parse(text)
        except CustomerInterfaceError:
            errors[CONF_LINE] = "line_format"
            return False
        self._line = None if line == self._offer.profile.line else line
        return True

    async def _async_after_connection(self) -> ConfigFlowResult:
        profile = self._offer.profile
        if profile.session is SessionKind.MASTER:
            return await self._async_search()
        await self._async_free_own_port()
        keyed = self._keyed and any(key.required for key in profile.keys)
        if self._speaks_first and keyed and not self._keys:
            # These meters say nothing to who does not know the key.
            return await self.async_step_keys()
        if profile.interval[1] > SLOW_INTERVAL and not self._speaks_first:
            return await self.async_step_slow()
        return await self.async_step_listen()

    async def async_step_slow(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer not to wait for a meter whose next telegram may be far away."""
        minutes = round(self._offer.profile.interval[1] / 60)
        return self.async_show_menu(
            step_id="slow",
            menu_options=["listen", "later"],
            description_placeholders={"minutes": str(minutes)},
        )

    async def async_step_later(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Finish without a telegram: its first one checks the key."""
        await self._async_stop_listening()
        if self._keyed and self._offer.profile.keys and not self._keys:
            return await self.async_step_keys()
        return await self._async_finish(None, add_to_energy=False)

    @property
    def _keyed(self) -> bool:
        """Whether keys are asked for where the meter wants some."""
        return self._encryption is not Encryption.NONE

    # --- listening ---------------------------------------------------------------------------------------------------

    async def async_step_listen(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Listen, and say how far it came."""
        if self._listening is None:
            refused = await self._async_start_listening(self._ring())
            if refused is not None:
                return refused
        return self._show_listening("listen", "listened")

    @property
    def _speaks_first(self) -> bool:
        """Whether the meter must be asked, with its key."""
        return self._offer.profile.session is SessionKind.MEP

    async def _async_start_listening(self, keys: KeyRing) -> ConfigFlowResult | None:
        listening = Listening(
            self.hass,
            self._data[CONF_PORT],
            self._offer.profile,
            self._line,
            keys,
            expected=EXPECTED[self._encryption],
        )
        try:
            await listening.async_start()
        except CatalogueError:
            self._errors = {"base": "not_read_yet"}
            return await self.async_step_connection()
        self._listening = listening
        return None

    def _show_listening(self, step: str, following: str) -> ConfigFlowResult:
        listening = self._listening
        assert listening is not None
        if listening.outcome is not None:
            return self._progressed(following)
        return self._show_progress(
            step,
            listening.async_wait,
            action=f"{step}_{listening.stage}",
            said={
                "bytes": str(listening.statistics.bytes_received),
                "frames": str(listening.statistics.frames),
                # Also what makes the frontend look again: it misses a change that comes before it has shown the step.
                "seconds": str(listening.seconds),
            },
        )

    async def async_step_listened(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go where the outcome leads."""
        listening = self._listening
        assert listening is not None
        match listening.outcome:
            case Outcome.READING:
                return await self.async_step_values()
            case Outcome.KEY | Outcome.AUTHENTICATION if self._keyed:
                return await self._async_keys_needed()
            case Outcome.KEY | Outcome.AUTHENTICATION | Outcome.WEAKER as outcome:
                return await self._async_not_as_expected(outcome)
            case Outcome.PORT:
                return await self._async_port_refused()
            case Outcome.CAUSE:
                return await self.async_step_trouble_cause()
            case Outcome.GARBLED:
                return await self.async_step_trouble_garbled()
            case Outcome.UNREADABLE:
                return await self.async_step_trouble_unreadable()
            case Outcome.INACTIVE:
                return await self.async_step_trouble_inactive()
            case Outcome.LAYOUT:
                return await self.async_step_trouble_layout()
            case _:
                return await self.async_step_trouble_silent()

    async def _async_keys_needed(self) -> ConfigFlowResult:
        if self._keys:
            self._errors = {_encryption_field(self._offer.profile): "key_wrong"}
        if self._speaks_first:
            # The key was used to ask; the next one asks anew.
            await self._async_stop_listening()
        return await self.async_step_keys()

    async def _async_not_as_expected(self, outcome: Outcome) -> ConfigFlowResult:
        weaker = outcome is Outcome.WEAKER
        self._errors = {
            CONF_ENCRYPTION: "encryption_weaker" if weaker else "encryption_not_none"
        }
        return await self.async_step_connection()

    async def _async_port_refused(self) -> ConfigFlowResult:
        assert self._listening is not None
        error = self._listening.error
        self._errors = {CONF_PORT: f"port_{error.reason if error else 'invalid'}"}
        return await self.async_step_connection()

    async def async_step_trouble_silent(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Nothing arrives."""
        return await self._async_trouble(Outcome.SILENT)

    async def async_step_trouble_garbled(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Bytes arrive, but no frame."""
        return await self._async_trouble(Outcome.GARBLED)

    async def async_step_trouble_cause(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """The session found out what is wrong with wires or port."""
        return await self._async_trouble(Outcome.CAUSE)

    async def async_step_trouble_unreadable(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Frames arrive, but no telegram that can be read."""
        return await self._async_trouble(Outcome.UNREADABLE)

    async def async_step_trouble_inactive(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """The grid operator has not activated the interface."""
        return await self._async_trouble(Outcome.INACTIVE)

    async def async_step_trouble_layout(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Nobody has told yet what the values mean."""
        return await self._async_trouble(Outcome.LAYOUT)

    async def _async_trouble(self, outcome: Outcome) -> ConfigFlowResult:
        """Say what may be wrong, and offer the ways on."""
        bytes_received = (
            self._listening.statistics.bytes_received if self._listening else 0
        )
        cause = self._listening.cause if self._listening else None
        await self._async_stop_listening()
        profile = self._offer.profile
        return self.async_show_menu(
            step_id=f"trouble_{outcome}",
            menu_options=["listen", "connection", "later"]
            if profile.interval[1] > SLOW_INTERVAL
            else ["listen", "connection"],
            description_placeholders={
                "line": str(self._line or profile.line or ""),
                "bytes": str(bytes_received),
                "cause": await _async_cause(self.hass, cause),
            },
        )

    # --- a wired bus ---------------------------------------------------------------------------------------------------

    async def _async_search(self) -> ConfigFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            return await self.async_step_bus_change()
        return await self.async_step_bus()

    async def async_step_bus_change(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer to search for more meters, which takes minutes, or to change the connection alone."""
        return self.async_show_menu(
            step_id="bus_change", menu_options=["bus", "bus_keep"]
        )

    async def async_step_bus_keep(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on with the meters there are."""
        return await self._async_finish_bus([])

    @override
    def _bus_profile(self) -> Profile:
        return self._offer.profile

    @override
    def _bus_port(self) -> tuple[str, LineSettings | None]:
        return self._data[CONF_PORT], self._line

    @override
    def _bus_known(self) -> frozenset[str]:
        entry = self._own_entry()
        return known_meters(entry) if entry else frozenset()

    @override
    def _bus_ways_on(self) -> list[str]:
        return [*super()._bus_ways_on(), "connection"]

    @override
    async def _async_take_port(self) -> None:
        await self._async_free_own_port()

    @override
    async def _async_port_failed(self, reason: str) -> ConfigFlowResult:
        self._errors = {CONF_PORT: f"port_{reason}"}
        return await self.async_step_connection()

    @override
    async def _async_finish_bus(
        self, meters: list[ConfigSubentryData]
    ) -> ConfigFlowResult:
        data = await self._async_entry_data(None)
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            add_meters(self.hass, entry, meters)
            return self.async_update_reload_and_abort(entry, data=data)
        await self.async_set_unique_id(uuid4().hex)
        return self.async_create_entry(
            title=self._operator.name_in(self._language), data=data, subentries=meters
        )

    # --- keys --------------------------------------------------------------------------------------------------------

    async def async_step_keys(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the keys, named as the operator names them."""
        if user_input is not None:
            self._keys, self._errors = _read_keys(
                _key_specs(self._offer.profile), user_input
            )
            if not self._errors:
                if self._listening is None:
                    return await self._async_after_keys()
                await self._listening.async_check(self._ring())
                return await self.async_step_check()
        specs = _key_specs(self._offer.profile)
        return self.async_show_form(
            step_id="keys",
            data_schema=probatio.Schema(
                {
                    (probatio.Required if spec.required else probatio.Optional)(
                        spec.id
                    ): KEY_FIELD
                    for spec in specs
                }
            ),
            errors=self._errors,
            description_placeholders={
                "operator": self._operator.name_in(self._language),
                "keys": ", ".join(spec.label for spec in specs),
                "where": text_in(self._operator.key_where, self._language) or "–",
                **{spec.id: spec.label for spec in specs},
            },
        )

    async def _async_after_keys(self) -> ConfigFlowResult:
        if self._speaks_first:
            return await self.async_step_listen()
        return await self.async_step_later()

    def _ring(self) -> KeyRing:
        return key_ring(self._keys, _key_specs(self._offer.profile))

    async def async_step_check(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Try the keys on a telegram."""
        return self._show_listening("check", "checked")

    async def async_step_checked(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Tell what the telegram said to the keys."""
        listening = self._listening
        assert listening is not None
        match listening.outcome:
            case Outcome.KEY:
                self._errors = await self._async_why_not(listening)
            case Outcome.AUTHENTICATION:
                self._errors = {
                    _authentication_field(self._offer.profile): "authentication_wrong"
                }
            case _:
                return await self.async_step_listened()
        return await self.async_step_keys()

    async def _async_why_not(self, listening: Listening) -> dict[str, str]:
        """Tell keys in each other's fields from a wrong key."""
        ring = self._ring()
        if ring.authentication and await listening.async_opens(
            KeyRing(ring.authentication, ring.keys)
        ):
            return {"base": "keys_swapped"}
        return {_encryption_field(self._offer.profile): "key_wrong"}

    # --- the end -----------------------------------------------------------------------------------------------------

    async def async_step_values(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what was just read, and offer the energy dashboard."""
        listening = self._listening
        assert listening is not None
        reading = listening.reading or listening.readings[-1]
        if user_input is not None:
            return await self._async_finish(
                reading.meter,
                add_to_energy=bool(user_input.get(CONF_ADD_TO_ENERGY, False)),
            )
        if self.source == SOURCE_REAUTH:
            return await self._async_finish(reading.meter, add_to_energy=False)
        if self._is_new:
            await self._async_identify(reading.meter)
        fields: dict[Any, Any] = {}
        if self._is_new and energy.is_offered(self.hass):
            wanted = not await energy.async_has_grid(self.hass)
            fields[probatio.Required(CONF_ADD_TO_ENERGY, default=wanted)] = (
                BooleanSelector()
            )
        return self.async_show_form(
            step_id="values",
            data_schema=probatio.Schema(fields),
            description_placeholders={
                "meter": reading.meter.key or self._offer.meter.name_in(self._language),
                "values": await async_summary(self.hass, reading),
            },
        )

    async def _async_identify(self, identity: MeterIdentity) -> None:
        await self.async_set_unique_id(identity.key or uuid4().hex)
        self._abort_if_unique_id_configured()

    async def _async_finish(
        self, identity: MeterIdentity | None, *, add_to_energy: bool
    ) -> ConfigFlowResult:
        await self._async_stop_listening()
        data = await self._async_entry_data(identity)
        if self.source == SOURCE_REAUTH:
            return self.async_update_reload_and_abort(
                self._get_reauth_entry(),
                data_updates={
                    CONF_KEYS: data[CONF_KEYS],
                    CONF_NEW_KEYS: {},
                    CONF_ENCRYPTION: self._encryption.value,
                },
            )
        if self.source == SOURCE_RECONFIGURE:
            return self._finish_reconfigure(identity, data)
        if identity is None:
            await self.async_set_unique_id(uuid4().hex)
            data[CONF_PENDING] = True
        if add_to_energy:
            data[CONF_ADD_TO_ENERGY] = True
        return self.async_create_entry(title=self._title(), data=data)

    def _title(self) -> str:
        operator = self._operator.name_in(self._language)
        title = f"{operator} – {self._offer.meter.name_in(self._language)}"
        return f"{title} (Demo)" if self._simulated else title

    async def _async_entry_data(self, identity: MeterIdentity | None) -> dict[str, Any]:
        keystore = await async_get_keystore(self.hass)
        data: dict[str, Any] = {
            CONF_OPERATOR: self._operator.id,
            CONF_METER: self._offer.meter.id,
            **self._port_data(),
            CONF_KEYS: keystore.wrap_all(self._keys),
        }
        if self._simulated is not None:
            data |= {CONF_SIMULATED: True, CONF_PORT: SIMULATED_PORT}
        if self._line is not None:
            data[CONF_LINE] = str(self._line)
        if self._encryption is not Encryption.AUTO:
            data[CONF_ENCRYPTION] = self._encryption.value
        if identity is not None:
            data[CONF_IDENTITY] = identity_to_store(identity)
        return data

    async def _async_stop_listening(self) -> None:
        if self._listening is not None:
            await self._listening.async_stop()
            self._listening = None

    @callback
    @override
    def async_remove(self) -> None:
        """Close what is open when the user leaves, and let the entry have its port again."""
        if self._detection is not None:
            self._detecting.cancel()
        if self._listening or self._radio or self._bus:
            self.hass.async_create_task(self._async_leave())
        elif self.source in (SOURCE_RECONFIGURE, SOURCE_REAUTH):
            self._async_reload_where_freed()
        if self._simulated is not None:
            self.hass.async_create_task(self._simulated.async_stop())

    async def _async_leave(self) -> None:
        await self._async_stop_listening()
        await self._async_stop_radio()
        await self._async_stop_bus()
        if self.source in (SOURCE_RECONFIGURE, SOURCE_REAUTH):
            self._async_reload_where_freed()

    # --- trying it without a meter -----------------------------------------------------------------------------------

    async def async_step_simulated(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Start a simulated meter and listen to it as to a real one."""
        await self._async_load()
        self._operator = self._catalogue.operator(SIMULATED_OPERATOR)
        self._offer = self._operator.offer(SIMULATED_METER)
        self._simulated = SimulatedMeter(SIMULATED_OPERATOR, SIMULATED_METER)
        try:
            keys = await self._simulated.async_keys()
            self._data[CONF_PORT] = await self._simulated.async_start()
        except OSError:
            return self.async_abort(reason="simulator_failed")
        self._keys = {name: parse_key(text) for name, text in keys.items()}
        refused = await self._async_start_listening(self._ring())
        return refused if refused is not None else await self.async_step_listen()

    # --- changing an entry later -------------------------------------------------------------------------------------

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change operator, meter, port, line settings and keys."""
        await self._async_load()
        entry = self._get_reconfigure_entry()
        if entry.data.get(CONF_SIMULATED):
            return self.async_abort(reason="simulated")
        self._take_over(entry)
        await self._async_take_keys(entry)
        if self._operator.id == RADIO:
            return await self.async_step_radio_port()
        return self._show_operators(self._operator)

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """The keys stopped fitting."""
        await self._async_load()
        self._take_over(self._get_reauth_entry())
        if not self._keyed:
            # It encrypts after all.
            self._encryption = Encryption.AUTO
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what happened; then listen with no key, to try the new one on the next telegram."""
        if user_input is None:
            return self.async_show_form(
                step_id="reauth_confirm",
                data_schema=probatio.Schema({}),
                description_placeholders={"name": self._get_reauth_entry().title},
            )
        await self._async_free_own_port()
        if self._speaks_first:
            return await self.async_step_keys()
        return await self.async_step_listen()

    def _take_over(self, entry: ConfigEntry[Any]) -> None:
        self._data = dict(entry.data)
        try:
            self._operator = operator_of(self._catalogue, entry.data[CONF_OPERATOR])
            self._offer = self._operator.offer(entry.data[CONF_METER])
        except CatalogueError:
            self._operator = next(iter(self._catalogue.operators.values()))
            self._offer = self._operator.offers[0]
        line = entry.data.get(CONF_LINE)
        self._line = LineSettings.parse(line) if line else None
        self._encryption = Encryption(entry.data.get(CONF_ENCRYPTION, Encryption.AUTO))

    async def _async_take_keys(self, entry: ConfigEntry[Any]) -> None:
        """Begin with the stored keys: only what no longer fits is asked for again."""
        keystore = await async_get_keystore(self.hass)
        with suppress(KeyStoreError):
            self._keys = {
                name: Key(keystore.unwrap(wrapped))
                for name, wrapped in entry.data.get(CONF_KEYS, {}).items()
            }

    def _own_entry(self) -> ConfigEntry[Any] | None:
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None

    async def _async_free_own_port(self) -> None:
        """Unload the entry that is changed: a port can be open once only."""
        entry = self._own_entry()
        if entry is not None and entry.state in (
            ConfigEntryState.LOADED,
            ConfigEntryState.SETUP_RETRY,
        ):
            await self.hass.config_entries.async_unload(entry.entry_id)

    @callback
    def _async_reload_where_freed(self) -> None:
        entry = self._own_entry()
        if entry is not None and entry.state is ConfigEntryState.NOT_LOADED:
            self.hass.config_entries.async_schedule_reload(entry.entry_id)

    def _finish_reconfigure(
        self, identity: MeterIdentity | None, data: dict[str, Any]
    ) -> ConfigFlowResult:
        entry = self._get_reconfigure_entry()
        # What is not settled by a reading stays as it was.
        waiting = (CONF_ADD_TO_ENERGY, *(_UNHEARD if identity is None else ()))
        data |= {name: entry.data[name] for name in waiting if name in entry.data}
        if CONF_NEW_KEYS in entry.data and data[CONF_KEYS] == entry.data[CONF_KEYS]:
            data[CONF_NEW_KEYS] = entry.data[CONF_NEW_KEYS]
        unique_id = (identity.key if identity else None) or entry.unique_id
        if unique_id != entry.unique_id and any(
            other.unique_id == unique_id for other in self._async_current_entries()
        ):
            return self.async_abort(reason="already_configured")
        successor = entry.data.get(CONF_SUCCESSOR)
        if unique_id != entry.unique_id:
            successor = unique_id
        if successor:
            data[CONF_SUCCESSOR] = successor
        return self.async_update_reload_and_abort(
            entry, data=data, unique_id=unique_id, title=self._title()
        )

    async def _async_load(self) -> None:
        self._catalogue = await self.hass.async_add_executor_job(catalogue.load)
        self._plugs = await self.hass.async_add_executor_job(load_plugs)

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry[Any]) -> SmartMeterOptionsFlow:
        """Return the flow that changes the options."""
        return SmartMeterOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry[Any]
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to an entry."""
        return subentry_types(config_entry) | bus_subentry_types(config_entry)


async def _async_cause(hass: HomeAssistant, cause: str | None) -> str:
    """Return what is wrong in the words of its repair issue."""
    if cause is None:
        return ""
    words = await async_get_translations(hass, hass.config.language, "issues", {DOMAIN})
    return words.get(f"component.{DOMAIN}.issues.{cause}.description", cause)


_ENCRYPTIONS = SelectSelector(
    SelectSelectorConfig(
        options=[encryption.value for encryption in Encryption],
        mode=SelectSelectorMode.DROPDOWN,
        translation_key=CONF_ENCRYPTION,
    )
)

# What a meter wants that the catalogue knows of no key for, though its telegrams are encrypted.
_SOME_KEY = (KeySpec("key", KeyKind.ENCRYPTION, "AES"),)


def _key_specs(profile: Profile) -> tuple[KeySpec, ...]:
    return profile.keys or _SOME_KEY


def _encryption_field(profile: Profile) -> str:
    return next(
        spec.id
        for spec in _key_specs(profile)
        if spec.kind is not KeyKind.AUTHENTICATION
    )


def _authentication_field(profile: Profile) -> str:
    return next(
        (
            spec.id
            for spec in _key_specs(profile)
            if spec.kind is KeyKind.AUTHENTICATION
        ),
        "base",
    )


def _read_keys(
    specs: tuple[KeySpec, ...], typed: dict[str, Any]
) -> tuple[dict[str, Key], dict[str, str]]:
    """Read the keys as typed; returns them by id, and what is wrong by field."""
    keys: dict[str, Key] = {}
    errors: dict[str, str] = {}
    for spec in specs:
        text = str(typed.get(spec.id, "")).strip()
        if not text and not spec.required:
            continue
        try:
            keys[spec.id] = parse_key(text, spec.kind)
        except KeyFormatError as err:
            missing = err.reason == "empty" and spec.kind is KeyKind.AUTHENTICATION
            mep = "mep_" if spec.kind is KeyKind.MEP else ""
            errors[spec.id] = (
                "authentication_missing" if missing else f"{mep}key_{err.reason}"
            )
    return keys, errors
