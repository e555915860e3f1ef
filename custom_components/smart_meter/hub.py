"""One port and the several meters behind it that the user chose, each a subentry with a key of its own."""

from abc import abstractmethod
from copy import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, override

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigSubentry,
)
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_time_interval

from . import issues
from .const import CONF_IDENTITY, CONF_KEYS, CONF_NEW_KEYS, DOMAIN, LOGGER, METER_PAGES
from .coordinator import KEY_FAULTS, MeterCoordinator, name_of
from .customer_interface.keys import Key, KeyRing
from .customer_interface.reading import Fault, FaultKind, MeterIdentity
from .keystore import KeyStoreError
from .meter import MeterData

AGEING_PACE = timedelta(minutes=5)
SAVE_DELAY = 300.0


class HubCoordinator(MeterCoordinator):
    """What hangs on the port, and by their keys the meters of its subentries."""

    subentry_type: ClassVar[str]
    key_issue: ClassVar[str]
    page: ClassVar[str]
    """The page about such meters."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """Prepare; nothing is opened before `async_start`."""
        super().__init__(*args, **more)
        self._chosen: dict[str, ConfigSubentry] = {}
        self._faults_of: dict[str, int] = {}

    # --- life --------------------------------------------------------------------------------------------------------

    @override
    async def async_start(self) -> None:
        """Restore, open the port and begin; raises ConfigEntryNotReady where the port does not open."""
        await super().async_start()
        entry = self.config_entry
        entry.async_on_unload(
            async_dispatcher_connect(
                self.hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._on_entry_changed
            )
        )
        entry.async_on_unload(
            async_track_time_interval(self.hass, self._async_age, AGEING_PACE)
        )

    @callback
    def _async_age(self, _: datetime) -> None:
        """Let values that have gone be unavailable though nothing is heard."""
        self.async_update_listeners()

    @callback
    def _on_entry_changed(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if change is ConfigEntryChange.UPDATED and entry is self.config_entry:
            self._on_changed()

    @abstractmethod
    def _on_changed(self) -> None:
        """Go on with what the entry says now."""

    @override
    def _ensure_main(self) -> None:
        super()._ensure_main()
        self._take_subentries()

    @abstractmethod
    def _take_subentries(self) -> None:
        """Read the meters the subentries name."""

    def _choose(self) -> None:
        """Note which meters were chosen."""
        subentries = self.config_entry.get_subentries_of_type(self.subentry_type)
        self._chosen = {str(s.unique_id): s for s in subentries}

    def _make_meters(self) -> None:
        """Have the meters that are chosen, and no others."""
        self._forget_removed()
        for name, subentry in self._chosen.items():
            identity = MeterIdentity(**subentry.data[CONF_IDENTITY])
            key = self._key_of(name)
            self.data.setdefault(key, MeterData(key, name, identity, sub_meter=True))

    def _forget_removed(self) -> None:
        """Forget the meters that are no longer chosen, and what the user was told of them."""
        kept = {self.main.key, *map(self._key_of, self._chosen)}
        for key in self.data.keys() - kept:
            del self.data[key]
        issues.async_clear_others(
            self.hass,
            self.config_entry,
            {subentry.subentry_id for subentry in self._chosen.values()},
        )

    def _key_of(self, name: str) -> str:
        return f"{self.main.key}_{name}"

    def _take_keys(self) -> KeyRing:
        """Return the keys of the meters chosen, each for its own meter alone, and note them."""
        keys: list[Key] = []
        for name, subentry in self._chosen.items():
            for text in wrapped_keys(subentry):
                try:
                    keys.append(Key(self.setup.keystore.unwrap(text), name))
                except KeyStoreError:
                    LOGGER.warning(
                        "The key of %s was not stored by this installation; enter it again",
                        subentry.title,
                    )
        self.setup = replace(self.setup, keys=KeyRing(tuple(keys)))
        return self.setup.keys

    @callback
    @override
    def async_use_keys(self) -> None:
        self._choose()
        self.session.use_keys(self._take_keys())

    @override
    def _holder_of(self, meter: MeterData) -> ConfigSubentry:
        return self._chosen[meter.name]

    # --- what the session says ---------------------------------------------------------------------------------------

    def _heard(self, name: str) -> MeterData | None:
        """Return the meter of this name, of which a reading came; None for one that was not chosen."""
        if (subentry := self._chosen.get(name)) is None:
            return None
        self._faults_of.pop(name, None)
        ir.async_delete_issue(self.hass, DOMAIN, self._key_issue(subentry))
        return self.data[self._key_of(name)]

    @override
    def _on_fault(self, fault: Fault) -> None:
        LOGGER.debug("%s: %s: %s", self.config_entry.title, fault.kind, fault.detail)
        self.last_faults[fault.kind] = fault.detail
        if fault.kind in (FaultKind.KEY, FaultKind.AUTHENTICATION):
            self._on_key_fault_of(name_of(fault.meter))
        elif fault.kind is FaultKind.IMPLAUSIBLE:
            self._on_withheld(fault)

    @override
    def _report_implausible(self, name: str) -> None:
        if (subentry := self._chosen.get(name)) is not None:
            issues.async_report(
                self.hass, self.config_entry, "implausible", of=subentry
            )

    @override
    def _clear_implausible(self, name: str) -> None:
        if (subentry := self._chosen.get(name)) is not None:
            issues.async_clear(self.hass, self.config_entry, "implausible", of=subentry)

    def _on_key_fault_of(self, name: str) -> None:
        if (subentry := self._chosen.get(name)) is None:
            return
        self._faults_of[name] = self._faults_of.get(name, 0) + 1
        self.async_update_listeners()
        if self._faults_of[name] == KEY_FAULTS:
            ir.async_create_issue(
                self.hass,
                DOMAIN,
                self._key_issue(subentry),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=self.key_issue,
                translation_placeholders={
                    "name": self.config_entry.title,
                    "meter": subentry.title,
                },
            )

    def _key_issue(self, subentry: ConfigSubentry) -> str:
        return f"{self.key_issue}_{self.config_entry.entry_id}_{subentry.subentry_id}"

    # --- availability ------------------------------------------------------------------------------------------------

    @property
    @override
    def is_slow(self) -> bool:
        """Values outlive a restart: some meters are read or heard once a day."""
        return True

    @property
    @override
    def _save_delay(self) -> float:
        return SAVE_DELAY

    # --- devices -----------------------------------------------------------------------------------------------------

    @property
    def model(self) -> str | None:
        """What hangs on the port, where that is known."""
        return None

    @override
    def subentry_of(self, meter: MeterData) -> str | None:
        """Return the subentry of a meter, None for what hangs on the port."""
        subentry = self._chosen.get(meter.name)
        return subentry.subentry_id if subentry else None

    @override
    def device_info(self, meter: MeterData) -> DeviceInfo:
        """Return the device of what hangs on the port, or of a meter behind it."""
        if (subentry := self._chosen.get(meter.name)) is None:
            return DeviceInfo(
                identifiers={(DOMAIN, meter.key)},
                configuration_url=f"{METER_PAGES}{self.page}",
                name=self.config_entry.title,
                model=self.model,
            )
        assert self.device_id is not None
        return DeviceInfo(
            identifiers={(DOMAIN, meter.key)},
            configuration_url=f"{METER_PAGES}{self.page}",
            manufacturer=meter.identity.manufacturer,
            serial_number=meter.identity.number,
            name=subentry.title,
            via_device_id=self.device_id,
            sw_version=meter.software,
            hw_version=meter.hardware,
        )

    @callback
    @override
    def async_register_device(self) -> None:
        """Register the device of what hangs on the port, which those of the meters are linked to."""
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.config_entry.entry_id,
            identifiers={(DOMAIN, self.main.key)},
            name=self.config_entry.title,
        )
        self.device_id = device.id


def wrapped_keys(subentry: ConfigSubentry) -> tuple[str, ...]:
    """Return the keys of a meter as they are stored: its own, then those that wait for their proof."""
    parts = (subentry.data.get(part, {}) for part in (CONF_KEYS, CONF_NEW_KEYS))
    return tuple(text for part in parts for text in part.values())
