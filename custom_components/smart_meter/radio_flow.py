"""Setting up a radio stick: port, the stick itself, the meters it hears, and the key of each the user picks."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowContext,
    ConfigFlowResult,
    ConfigSubentryData,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import probatio

from .const import (
    CONF_ADD_TO_ENERGY,
    CONF_DONGLE,
    CONF_IDENTITY,
    CONF_METER,
    CONF_METERS,
    CONF_OPERATOR,
    CONF_RADIO_MODE,
)
from .coordinator import identity_to_store
from .customer_interface.catalogue import Profile
from .customer_interface.catalogue.operators import Catalogue, GridOperator, Offer
from .customer_interface.keys import Key, KeyRing
from .customer_interface.radio import MODES, USUAL_MODE
from .customer_interface.reading import Fault, FaultKind, Reading
from .flow_steps import (
    KEY_FIELD,
    ProgressSteps,
    async_replaced_key,
    async_stored_key,
    energy_field,
    energy_wish,
    port_field,
    typed_key,
)
from .listening import Outcome
from .port import typed_port
from .radio import RadioCoordinator
from .radio_listening import RadioListening
from .wireless import (
    RADIO,
    STICKS,
    SUBENTRY_METER,
    async_hand_over,
    async_options,
    async_title,
    operator_of,
)

if TYPE_CHECKING:
    from .customer_interface.session.near import HeardMeter
    from .customer_interface.session.radio import RadioSession

CONF_LISTEN_ON = "listen_on"
# An entry of the list that is no meter.
AGAIN = "again"

EXAMPLE = "socket://192.168.1.20:1234"
_RADIO_MODES = SelectSelector(
    SelectSelectorConfig(
        options=list(MODES),
        mode=SelectSelectorMode.DROPDOWN,
        translation_key=CONF_RADIO_MODE,
    )
)


class RadioSteps(ProgressSteps[ConfigFlowContext, ConfigFlowResult, str], ConfigFlow):
    """The steps of a radio stick."""

    _catalogue: Catalogue
    _operator: GridOperator
    _offer: Offer
    _data: dict[str, Any]
    _errors: dict[str, str]
    _radio: RadioListening | None = None
    _picked: tuple[str, ...] = ()
    _unasked: tuple[str, ...] = ()
    _to_energy: bool = False
    _radio_keys: dict[str, Key]

    @abstractmethod
    async def _async_load(self) -> None:
        """Read the catalogue."""

    @abstractmethod
    async def _async_free_own_port(self) -> None:
        """Unload the entry that is changed."""

    # --- where -------------------------------------------------------------------------------------------------------

    async def async_step_wireless(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Read wireless meters of anybody with a radio stick."""
        await self._async_load()
        self._choose_any_meter()
        return await self.async_step_radio_port()

    @property
    def _is_new(self) -> bool:
        """Whether an entry is made, and none changed."""
        return self.source not in (SOURCE_REAUTH, SOURCE_RECONFIGURE)

    def _use_port(self, port: str) -> None:
        """Take a port; aborts where another entry uses it. Another port than the dongle's is the dongle's no longer."""
        port = typed_port(port)
        if port != self._data.get(CONF_PORT):
            self._data.pop(CONF_DONGLE, None)
        self._data[CONF_PORT] = port
        if self._is_new:
            self._async_abort_entries_match({CONF_PORT: port})

    def _port_data(self) -> dict[str, str]:
        """Return what an entry stores of its port."""
        names = (CONF_PORT, CONF_DONGLE)
        return {name: self._data[name] for name in names if name in self._data}

    def _choose_any_meter(self) -> None:
        self._operator = operator_of(self._catalogue, RADIO)
        (self._offer,) = self._operator.offers

    async def async_step_radio_port(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where the stick is."""
        errors, self._errors = self._errors, {}
        if user_input is not None:
            self._data[CONF_RADIO_MODE] = user_input.get(
                CONF_RADIO_MODE, self._radio_mode
            )
            self._use_port(user_input[CONF_PORT])
            await self._async_free_own_port()
            return await self.async_step_radio()
        await self._async_stop_radio()
        fields = port_field(self._data.get(CONF_PORT))
        if self.source == SOURCE_RECONFIGURE:
            fields[probatio.Required(CONF_RADIO_MODE, default=self._radio_mode)] = (
                _RADIO_MODES
            )
        return self.async_show_form(
            step_id="radio_port",
            data_schema=probatio.Schema(fields),
            errors=errors,
            description_placeholders={"example": EXAMPLE},
        )

    @property
    def _radio_mode(self) -> str:
        """The mode the stick is set to."""
        mode: str = self._data.get(CONF_RADIO_MODE, USUAL_MODE)
        return mode

    # --- listening ---------------------------------------------------------------------------------------------------

    async def async_step_radio(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Recognise the stick, set it up, and listen; say how far it came."""
        if self._radio is None:
            self._radio = RadioListening(
                self.hass,
                self._data[CONF_PORT],
                self._offer.profile,
                None,
                KeyRing(),
                radio_mode=self._radio_mode,
            )
            await self._radio.async_start()
        radio = self._radio
        if radio.outcome is not None:
            return self._progressed("radio_heard")
        return self._show_progress(
            "radio",
            radio.async_wait,
            action=f"radio_{radio.radio_stage}",
            said={
                "stick": STICKS.get(radio.stick or "", "–"),
                "meters": str(len(radio.heard)),
            },
        )

    async def async_step_radio_heard(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go where the outcome leads."""
        radio = self._radio
        assert radio is not None
        match radio.outcome:
            case Outcome.PORT:
                reason = radio.error.reason if radio.error else "invalid"
                self._errors = {CONF_PORT: f"port_{reason}"}
                return await self.async_step_radio_port()
            case Outcome.SILENT:
                return await self.async_step_radio_no_stick()
            case _ if self.source == SOURCE_RECONFIGURE:
                return await self._async_finish_radio()
            case _:
                return await self.async_step_radio_meters()

    async def async_step_radio_no_stick(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Nothing on the port answers as a stick does."""
        await self._async_stop_radio()
        return self.async_show_menu(
            step_id="radio_no_stick",
            menu_options=["radio", "radio_port", "radio_later"],
        )

    async def async_step_radio_later(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Finish without a stick and without a meter: both may come later."""
        return await self._async_finish_radio()

    # --- which meters ------------------------------------------------------------------------------------------------

    async def async_step_radio_meters(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show all meters heard, and let the user pick those that are theirs."""
        radio = self._radio
        assert radio is not None
        if user_input is not None:
            self._picked = tuple(user_input.get(CONF_METERS, ()))
            self._to_energy = bool(user_input.get(CONF_ADD_TO_ENERGY))
            if user_input[CONF_LISTEN_ON]:
                radio.listen_on()
                return await self.async_step_radio()
            self._radio_keys = {}
            self._unasked = tuple(
                name for name in self._picked if _is_encrypted(radio.session, name)
            )
            return await self._async_next_key()
        fields: dict[Any, Any] = {}
        if radio.heard:
            options = await async_options(
                self.hass, radio.heard, _manufacturer(self._offer)
            )
            kept = [o["value"] for o in options if o["value"] in self._picked]
            fields[probatio.Optional(CONF_METERS, default=kept)] = SelectSelector(
                SelectSelectorConfig(
                    options=options, multiple=True, mode=SelectSelectorMode.LIST
                )
            )
        fields |= energy_field(self.hass, (h.meter for h in radio.heard))
        fields[probatio.Required(CONF_LISTEN_ON, default=not radio.heard)] = (
            BooleanSelector()
        )
        return self.async_show_form(
            step_id="radio_meters",
            data_schema=probatio.Schema(fields),
            description_placeholders={
                "count": str(len(radio.heard)),
                "stick": STICKS.get(radio.stick or "", "–"),
            },
        )

    async def _async_next_key(self) -> ConfigFlowResult:
        if self._unasked:
            return await self.async_step_radio_key()
        return await self._async_finish_radio()

    async def async_step_radio_key(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the key of the next meter that encrypts, and try it on what it sent."""
        radio = self._radio
        assert radio is not None
        name, field = self._unasked[0], key_field(self._offer.profile)
        errors: dict[str, str] = {}
        if user_input is not None:
            key = read_key(radio.session, name, field, user_input, errors)
            if not errors:
                if key is not None:
                    self._radio_keys[name] = key
                self._unasked = self._unasked[1:]
                return await self._async_next_key()
        return self.async_show_form(
            step_id="radio_key",
            data_schema=probatio.Schema({probatio.Optional(field): KEY_FIELD}),
            errors=errors,
            description_placeholders={
                "meter": await _async_name(self.hass, radio.session, name)
            },
        )

    # --- the end -----------------------------------------------------------------------------------------------------

    async def _async_finish_radio(self) -> ConfigFlowResult:
        subentries = await self._async_subentries()
        stick = STICKS.get((self._radio.stick if self._radio else None) or "")
        if self._radio is not None:
            memory = self._radio.session.memory
            async_hand_over(self.hass, self._data[CONF_PORT], memory)
        await self._async_stop_radio()
        data = {
            CONF_OPERATOR: self._operator.id,
            CONF_METER: self._offer.meter.id,
            **self._port_data(),
        }
        if self._radio_mode != USUAL_MODE:
            data[CONF_RADIO_MODE] = self._radio_mode
        title = f"Wireless M-Bus ({stick})" if stick else "Wireless M-Bus"
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_reload_and_abort(
                self._get_reconfigure_entry(), data=data
            )
        if self.unique_id is None:
            await self.async_set_unique_id(uuid4().hex)
        return self.async_create_entry(title=title, data=data, subentries=subentries)

    async def _async_subentries(self) -> list[ConfigSubentryData]:
        if self._radio is None:
            return []
        return [
            await async_subentry(
                self.hass,
                heard,
                key_field(self._offer.profile),
                self._radio_keys.get(name),
                to_energy=self._to_energy,
            )
            for name in self._picked
            if (heard := self._radio.session.look_up(name)) is not None
        ]

    async def _async_stop_radio(self) -> None:
        if self._radio is not None:
            await self._radio.async_stop()
            self._radio = None


class WirelessMeterFlow(ConfigSubentryFlow):
    """Picks another meter from the list of all the stick hears, and changes the key of one."""

    _name: str = ""
    _to_energy: bool = False

    @property
    def _coordinator(self) -> RadioCoordinator | None:
        entry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return None
        coordinator: RadioCoordinator = entry.runtime_data
        return coordinator

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the meters heard that were not picked yet."""
        if (coordinator := self._coordinator) is None:
            return self.async_abort(reason="stick_not_there")
        session = coordinator.session
        if user_input is not None and (name := user_input[CONF_METER]) != AGAIN:
            self._name = name
            self._to_energy = bool(user_input.get(CONF_ADD_TO_ENERGY))
            if _is_encrypted(session, name):
                return await self.async_step_key()
            return await self._async_create(coordinator, None)
        picked = {
            subentry.unique_id for subentry in self._get_entry().subentries.values()
        }
        heard = tuple(h for h in session.heard if h.meter.key not in picked)
        options = await async_options(
            self.hass, heard, _manufacturer(coordinator.setup.offer)
        )
        selector = SelectSelector(
            SelectSelectorConfig(
                options=[*options, SelectOptionDict(value=AGAIN, label=AGAIN)],
                mode=SelectSelectorMode.LIST,
                translation_key="heard_meter",
            )
        )
        field = probatio.Required(
            CONF_METER, default=probatio.UNDEFINED if options else AGAIN
        )
        return self.async_show_form(
            step_id="user",
            data_schema=probatio.Schema(
                {field: selector, **energy_field(self.hass, (h.meter for h in heard))}
            ),
            description_placeholders={
                "count": str(len(session.heard)),
                "picked": str(len(picked)),
            },
        )

    async def async_step_key(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the key, and try it on what the meter sent."""
        if (coordinator := self._coordinator) is None:
            return self.async_abort(reason="stick_not_there")
        field = key_field(coordinator.setup.profile)
        errors: dict[str, str] = {}
        if user_input is not None:
            key = read_key(coordinator.session, self._name, field, user_input, errors)
            if not errors:
                return await self._async_create(coordinator, key)
        return await self._async_ask("key", coordinator, errors)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Take another key."""
        if (coordinator := self._coordinator) is None:
            return self.async_abort(reason="stick_not_there")
        subentry = self._get_reconfigure_subentry()
        self._name = str(subentry.unique_id)
        field = key_field(coordinator.setup.profile)
        errors: dict[str, str] = {}
        if user_input is not None:
            key = read_key(coordinator.session, self._name, field, user_input, errors)
            if not errors:
                return self.async_update_and_abort(
                    self._get_entry(),
                    subentry,
                    data_updates=await async_replaced_key(self.hass, field, key),
                )
        return await self._async_ask("reconfigure", coordinator, errors)

    async def _async_ask(
        self, step: str, coordinator: RadioCoordinator, errors: dict[str, str]
    ) -> SubentryFlowResult:
        field = key_field(coordinator.setup.profile)
        return self.async_show_form(
            step_id=step,
            data_schema=probatio.Schema({probatio.Optional(field): KEY_FIELD}),
            errors=errors,
            description_placeholders={
                "meter": await _async_name(self.hass, coordinator.session, self._name)
            },
        )

    async def _async_create(
        self, coordinator: RadioCoordinator, key: Key | None
    ) -> SubentryFlowResult:
        heard = coordinator.session.look_up(self._name)
        if heard is None:
            return self.async_abort(reason="no_longer_heard")
        field = key_field(coordinator.setup.profile)
        subentry = await async_subentry(
            self.hass, heard, field, key, to_energy=self._to_energy
        )
        return self.async_create_entry(
            title=subentry["title"],
            data=subentry["data"],
            unique_id=subentry["unique_id"],
        )


@callback
def subentry_types(entry: ConfigEntry[Any]) -> dict[str, type[ConfigSubentryFlow]]:
    """Return what can be added to an entry: meters where it is a stick."""
    radio = entry.data.get(CONF_OPERATOR) == RADIO or bool(
        entry.get_subentries_of_type(SUBENTRY_METER)
    )
    runs = isinstance(getattr(entry, "runtime_data", None), RadioCoordinator)
    return {SUBENTRY_METER: WirelessMeterFlow} if radio or runs else {}


async def async_subentry(
    hass: HomeAssistant,
    heard: HeardMeter,
    field: str,
    key: Key | None,
    *,
    to_energy: bool,
) -> ConfigSubentryData:
    """Return what is stored of a meter that was picked."""
    return ConfigSubentryData(
        data={
            CONF_IDENTITY: identity_to_store(heard.meter),
            **await async_stored_key(hass, field, key),
            **energy_wish(heard.meter, wanted=to_energy),
        },
        subentry_type=SUBENTRY_METER,
        title=await async_title(hass, heard.meter),
        unique_id=heard.meter.key,
    )


async def _async_name(hass: HomeAssistant, session: RadioSession, name: str) -> str:
    heard = session.look_up(name)
    return name if heard is None else await async_title(hass, heard.meter)


def key_field(profile: Profile) -> str:
    """Return the id of the key of a meter."""
    return profile.keys[0].id


def read_key(
    session: RadioSession,
    name: str,
    field: str,
    typed: dict[str, Any],
    errors: dict[str, str],
) -> Key | None:
    """Read a key as typed and try it on the meter's last telegrams; None for no key, `errors` says what is wrong."""
    key = typed_key(typed, field, errors)
    if key is not None and not _may_fit(session, name, key):
        errors[field] = "key_wrong"
    return key


def _may_fit(session: RadioSession, name: str, key: Key) -> bool:
    """Tell whether a key opens what was heard; yes where nothing was, or nothing that needs a key."""
    results = session.try_keys(name, KeyRing((Key(key.secret, name),)))
    if any(isinstance(result, Reading) and result.encrypted for result in results):
        return True
    return not any(
        isinstance(result, Fault)
        and result.kind in (FaultKind.KEY, FaultKind.AUTHENTICATION)
        for result in results
    )


def _is_encrypted(session: RadioSession, name: str) -> bool:
    heard = session.look_up(name)
    return heard is not None and heard.security is not None


def _manufacturer(offer: Offer) -> str | None:
    """Return the letters of the meters an operator delivers, to list them first; None for meters of anybody."""
    return "NES" if offer.meter.manufacturer.upper().startswith("NES") else None
