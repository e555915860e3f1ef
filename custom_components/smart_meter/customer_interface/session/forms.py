"""Texts of another form than before: on a line that damages telegrams they must come twice.

A P1 telegram says the same lines in the same words each time, and all numbers in it have their digits (P1 Companion
Standard 5.0.2, clause 6.4). A CRC of 16 bits finds every damage that is no longer than two bytes, and lets one in
65,536 of the others through. On a line that damages many telegrams one comes in time; a byte lost or invented, a unit or
a code that was changed then shows in the form, which is the text with a 0 for each digit.
"""

from collections.abc import Iterable

from ..reading import Fault, FaultKind, Frame
from .receiver import is_text

# As long as one telegram in so many is damaged, the next one is worth a closer look.
_TELEGRAMS_OF_DOUBT = 60
# Some meters take turns with telegrams of several forms.
_MOST_FORMS = 16

_CHECK_BITS = 16
_DAMAGE = (FaultKind.CHECKSUM, FaultKind.TRUNCATED)
# The letter behind a time tells summer from winter (clause 6.4, TST); it changes twice a year and is no damage.
_FORM = bytes.maketrans(b"123456789W", b"000000000S")
_ANOTHER_FORM = Fault(
    FaultKind.IMPLAUSIBLE,
    "a text of another form than before; waiting for it to come again",
)


class Forms:
    """The forms of the texts of one port; once one came again another is worth a doubt."""

    def __init__(self) -> None:
        """Begin with a line of which nothing is known: until a form came twice there is nothing to compare with."""
        self._known: dict[bytes, None] = {}
        self._settled = False
        self._doubted: bytes | None = None
        self._doubtful = 0

    def select(self, items: Iterable[Frame | Fault]) -> list[Frame | Fault]:
        """Return the items as they came, with a fault in place of each text that must come again."""
        return [
            self._look(item) if isinstance(item, Fault) or is_text(item) else item
            for item in items
        ]

    def _look(self, item: Frame | Fault) -> Frame | Fault:
        if isinstance(item, Fault):
            if item.kind in _DAMAGE:
                self._doubtful = _TELEGRAMS_OF_DOUBT
            return item
        form = item.payload.rpartition(b"!")[0].translate(_FORM)
        doubted, known = self._doubted, form in self._known
        doubtful = self._doubtful > 0 or item.check_bits < _CHECK_BITS
        self.pass_by(known=known)
        if doubtful and self._settled and not known and form != doubted:
            self._doubted = form
            return _ANOTHER_FORM
        self._remember(form)
        return item

    def pass_by(self, *, known: bool = True) -> None:
        """Take note of one more text; of a known form are all that are read the quick way."""
        self._settled |= known
        self._doubted = None
        self._doubtful = max(0, self._doubtful - 1)

    def _remember(self, form: bytes) -> None:
        self._known.pop(form, None)
        self._known[form] = None
        if len(self._known) > _MOST_FORMS:
            del self._known[next(iter(self._known))]
