"""Setting up a wired bus: it is searched, the user picks his meters, and gives the key of each that encrypts."""

from abc import abstractmethod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryData,
    ConfigSubentryFlow,
    SubentryFlowContext,
    SubentryFlowResult,
)
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.helpers.translation import async_get_translations
import probatio

from .bus_listening import BusListening
from .const import (
    CONF_ADD_TO_ENERGY,
    CONF_ADDRESS,
    CONF_IDENTITY,
    CONF_INTERVAL,
    CONF_METERS,
    DOMAIN,
)
from .coordinator import Setup, identity_to_store
from .customer_interface.catalogue import Profile
from .customer_interface.keys import Key, KeyRing
from .customer_interface.line import LineSettings
from .flow_steps import (
    KEY_FIELD,
    ProgressSteps,
    async_replaced_key,
    async_stored_key,
    energy_field,
    energy_wish,
    number_box,
    typed_key,
)
from .listening import Outcome
from .wired import SUBENTRY_WIRED, BusCoordinator
from .wireless import async_title, kind_of

if TYPE_CHECKING:
    from .customer_interface.session.master import Found

CONF_KEY = "key"
SHORTEST_INTERVAL, LONGEST_INTERVAL = 10, 86_400
_UNNAMED = "sub_meter"

_INTERVAL_FIELD = number_box(SHORTEST_INTERVAL, LONGEST_INTERVAL, "s")


class BusSteps[
    ContextT: FlowContext,
    ResultT: FlowResult[Any, Any],
    HandlerT,
](ProgressSteps[ContextT, ResultT, HandlerT]):
    """The steps of a search, in the flow of an entry as in that of a meter that is added to it."""

    _bus: BusListening | None = None
    _bus_picked: tuple[Found, ...] = ()
    _bus_unasked: tuple[Found, ...] = ()
    _bus_keys: dict[str, Key]
    _bus_to_energy: bool = False

    @abstractmethod
    def _bus_profile(self) -> Profile:
        """Return what kind of bus it is."""

    @abstractmethod
    def _bus_port(self) -> tuple[str, LineSettings | None]:
        """Return where the master is, and line settings set by hand."""

    @abstractmethod
    async def _async_take_port(self) -> None:
        """Take the port from who has it."""

    async def _async_give_port_back(self) -> None:
        """Let who had the port have it again, as soon as the search is over."""

    @abstractmethod
    def _bus_known(self) -> frozenset[str]:
        """Return the names of the meters that are set up already."""

    @abstractmethod
    async def _async_port_failed(self, reason: str) -> ResultT:
        """Say that the port does not open."""

    @abstractmethod
    async def _async_finish_bus(self, meters: list[ConfigSubentryData]) -> ResultT:
        """Store the meters that were picked."""

    # --- searching ---------------------------------------------------------------------------------------------------

    async def async_step_bus(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Ask every address, and say how far it came."""
        if self._bus is None:
            await self._async_take_port()
            port, line = self._bus_port()
            self._bus = BusListening(
                self.hass, port, self._bus_profile(), line, KeyRing()
            )
            await self._bus.async_start()
        bus = self._bus
        if bus.outcome is not None:
            return self._progressed("bus_searched")
        asked, of = bus.asked
        return self._show_progress(
            "bus",
            bus.async_wait,
            action=f"bus_{bus.bus_stage}",
            said={
                "asked": str(asked),
                "of": str(of),
                "meters": str(len(bus.found)),
            },
        )

    async def async_step_bus_searched(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Go where the outcome leads."""
        bus = self._bus
        assert bus is not None
        await bus.async_stop()
        await self._async_give_port_back()
        match bus.outcome:
            case Outcome.PORT:
                self._bus = None
                return await self._async_port_failed(
                    bus.error.reason if bus.error else "invalid"
                )
            case Outcome.SILENT:
                return await self.async_step_bus_nobody()
            case _:
                return await self.async_step_bus_meters()

    async def async_step_bus_nobody(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Nobody answered at any address."""
        self._bus = None
        return self.async_show_menu(
            step_id="bus_nobody", menu_options=self._bus_ways_on()
        )

    def _bus_ways_on(self) -> list[str]:
        """Return the steps that are offered where no meter answers."""
        return ["bus"]

    # --- which meters ------------------------------------------------------------------------------------------------

    async def async_step_bus_meters(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Show who answered, and let the user pick those that are theirs."""
        bus, known = self._bus, self._bus_known()
        assert bus is not None
        found = {str(f.meter.key): f for f in bus.found}
        new = {name: f for name, f in found.items() if name not in known}
        errors: dict[str, str] = {}
        if user_input is not None:
            self._bus_picked = tuple(
                new[name] for name in user_input.get(CONF_METERS, ())
            )
            self._bus_unasked = tuple(f for f in self._bus_picked if f.needs_key)
            self._bus_keys = {}
            self._bus_to_energy = bool(user_input.get(CONF_ADD_TO_ENERGY))
            if self._bus_picked or known:
                return await self._async_next_bus_key()
            errors["base"] = "nothing_picked"
        fields: dict[Any, Any] = {}
        if new:
            fields[probatio.Optional(CONF_METERS, default=list(new))] = SelectSelector(
                SelectSelectorConfig(
                    options=await _async_options(self.hass, new),
                    multiple=True,
                    mode=SelectSelectorMode.LIST,
                )
            )
        fields |= energy_field(self.hass, (f.meter for f in new.values()))
        return self.async_show_form(
            step_id="bus_meters",
            data_schema=probatio.Schema(fields),
            errors=errors,
            description_placeholders={
                "count": str(len(found)),
                "known": str(len(found) - len(new)),
            },
        )

    async def _async_next_bus_key(self) -> ResultT:
        if self._bus_unasked:
            return await self.async_step_bus_key()
        return await self._async_finish_bus(await self._async_bus_meters())

    async def async_step_bus_key(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the key of the next meter that encrypts, and try it on what it answered."""
        bus, found = self._bus, self._bus_unasked[0]
        assert bus is not None
        errors: dict[str, str] = {}
        if user_input is not None:
            key = typed_key(user_input, CONF_KEY, errors)
            if key is not None and not bus.opens(found, key):
                errors[CONF_KEY] = "key_wrong"
            if not errors:
                if key is not None:
                    self._bus_keys[str(found.meter.key)] = key
                self._bus_unasked = self._bus_unasked[1:]
                return await self._async_next_bus_key()
        return self.async_show_form(
            step_id="bus_key",
            data_schema=probatio.Schema({probatio.Optional(CONF_KEY): KEY_FIELD}),
            errors=errors,
            description_placeholders={
                "meter": await async_title(self.hass, found.meter, _UNNAMED)
            },
        )

    async def _async_bus_meters(self) -> list[ConfigSubentryData]:
        """Return what is stored of the meters picked."""
        return [await self._async_stored(found) for found in self._bus_picked]

    async def _async_stored(self, found: Found) -> ConfigSubentryData:
        key = self._bus_keys.get(str(found.meter.key))
        return ConfigSubentryData(
            data={
                CONF_IDENTITY: identity_to_store(found.meter),
                CONF_ADDRESS: found.slave.word,
                CONF_INTERVAL: self._bus_profile().interval[0],
                **await async_stored_key(self.hass, CONF_KEY, key),
                **energy_wish(found.meter, wanted=self._bus_to_energy),
            },
            subentry_type=SUBENTRY_WIRED,
            title=await async_title(self.hass, found.meter, _UNNAMED),
            unique_id=found.meter.key,
        )

    async def _async_stop_bus(self) -> None:
        if self._bus is not None:
            await self._bus.async_stop()
            self._bus = None


class WiredMeterFlow(
    BusSteps[SubentryFlowContext, SubentryFlowResult, tuple[str, str]],
    ConfigSubentryFlow,
):
    """Searches the bus again for meters that were added, and changes interval and key of one."""

    _lender: BusCoordinator | None = None
    _setup: Setup

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Search the bus of the entry, which polls nobody meanwhile."""
        return await self.async_step_bus()

    async def async_step_bus(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask every address, where the port is there to begin with."""
        if self._bus is None and self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="bus_not_there")
        return await super().async_step_bus()

    @override
    def _bus_profile(self) -> Profile:
        return self._setup.profile

    @override
    def _bus_port(self) -> tuple[str, LineSettings | None]:
        return self._get_entry().data[CONF_PORT], self._setup.line

    @override
    def _bus_known(self) -> frozenset[str]:
        return known_meters(self._get_entry())

    @override
    async def _async_take_port(self) -> None:
        self._lender = self._get_entry().runtime_data
        self._setup = self._lender.setup
        await self._lender.async_lend()

    @override
    async def _async_give_port_back(self) -> None:
        lender, self._lender = self._lender, None
        assert lender is not None
        await lender.async_reopen()

    @override
    async def _async_port_failed(self, reason: str) -> SubentryFlowResult:
        return self.async_abort(reason="bus_not_there")

    @override
    async def _async_finish_bus(
        self, meters: list[ConfigSubentryData]
    ) -> SubentryFlowResult:
        if not meters:
            return self.async_abort(reason="nothing_new")
        *others, last = meters
        add_meters(self.hass, self._get_entry(), others)
        return self.async_create_entry(
            title=last["title"], data=last["data"], unique_id=last["unique_id"]
        )

    @callback
    @override
    def async_remove(self) -> None:
        """Close what is open when the user leaves, and let the entry have its port again."""
        if self._lender is not None:
            self.hass.async_create_task(self._async_leave())

    async def _async_leave(self) -> None:
        await self._async_stop_bus()
        await self._async_give_port_back()

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change how often the meter is read, and its key."""
        subentry = self._get_reconfigure_subentry()
        errors: dict[str, str] = {}
        if user_input is not None:
            key = typed_key(user_input, CONF_KEY, errors)
            if not errors:
                changes: dict[str, Any] = {
                    CONF_INTERVAL: int(user_input[CONF_INTERVAL])
                }
                # Without a key typed its key stays.
                if key is not None:
                    changes |= await async_replaced_key(self.hass, CONF_KEY, key)
                return self.async_update_and_abort(
                    self._get_entry(), subentry, data_updates=changes
                )
        interval = probatio.Required(
            CONF_INTERVAL, default=subentry.data[CONF_INTERVAL]
        )
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=probatio.Schema(
                {interval: _INTERVAL_FIELD, probatio.Optional(CONF_KEY): KEY_FIELD}
            ),
            errors=errors,
            description_placeholders={"meter": subentry.title},
        )


@callback
def bus_subentry_types(
    entry: ConfigEntry[Any],
) -> dict[str, type[ConfigSubentryFlow]]:
    """Return what can be added to an entry: meters where it is a wired bus."""
    runs = isinstance(getattr(entry, "runtime_data", None), BusCoordinator)
    wired = runs or known_meters(entry)
    return {SUBENTRY_WIRED: WiredMeterFlow} if wired else {}


def known_meters(entry: ConfigEntry[Any]) -> frozenset[str]:
    """Return the names of the wired meters an entry has."""
    return frozenset(
        str(s.unique_id) for s in entry.get_subentries_of_type(SUBENTRY_WIRED)
    )


@callback
def add_meters(
    hass: HomeAssistant, entry: ConfigEntry[Any], meters: list[ConfigSubentryData]
) -> None:
    """Add wired meters to an entry; those it has stay as they are."""
    for meter in meters:
        subentry = ConfigSubentry(
            data=MappingProxyType(meter["data"]),
            subentry_type=SUBENTRY_WIRED,
            title=meter["title"],
            unique_id=meter["unique_id"],
        )
        hass.config_entries.async_add_subentry(entry, subentry)


async def _async_options(
    hass: HomeAssistant, found: dict[str, Found]
) -> list[SelectOptionDict]:
    """Return the list to pick from: number, manufacturer, medium, address, and whether the meter encrypts."""
    language = hass.config.language
    names = await async_get_translations(hass, language, "device", {DOMAIN})
    words = await async_get_translations(hass, language, "selector", {DOMAIN})
    locked = words.get(f"component.{DOMAIN}.selector.found_meter.options.locked", "")

    def label(item: Found) -> str:
        parts = (
            item.meter.number,
            item.meter.manufacturer,
            kind_of(names, item.meter, _UNNAMED),
            f"#{item.slave.primary}" if item.slave.secondary is None else None,
            locked if item.needs_key else None,
        )
        return " · ".join(part for part in parts if part)

    return [
        SelectOptionDict(value=name, label=label(item)) for name, item in found.items()
    ]
