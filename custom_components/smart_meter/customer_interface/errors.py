"""The only exceptions the library raises, all at its edges: what a person typed and what a port refused.

What a meter sends never raises: it becomes a `Fault` (see reading.py).
"""


class CustomerInterfaceError(Exception):
    """Base of every error of this library."""


class KeyFormatError(CustomerInterfaceError):
    """A key as typed cannot be a key; `reason` is a stable word for translations.

    Reasons: `empty`, `alphabet`, `length`, and `unknown` for a name that no key of the meter has. Never contains the key.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the stable reason beside the English sentence."""
        super().__init__(detail)
        self.reason = reason


class ObisFormatError(CustomerInterfaceError):
    """A text is not an OBIS code."""


class CatalogueError(CustomerInterfaceError):
    """A grid operator, meter or profile is unknown, or a catalogue file is wrong."""


class SourceError(CustomerInterfaceError):
    """A port or recording cannot be used; `reason` is a stable word for translations.

    Reasons: `missing`, `busy`, `permission`, `refused`, `unresolved`, `lost`, `unsupported`, `invalid`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the stable reason beside the English sentence."""
        super().__init__(detail)
        self.reason = reason
