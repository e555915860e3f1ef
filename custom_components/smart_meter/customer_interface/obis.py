"""OBIS codes (IEC 62056-61): A-B:C.D.E*F, the names of everything a meter measures."""

from functools import lru_cache
import re
from typing import Final

from .errors import ObisFormatError
from .named import NamedTuple

# IEC 62056-61 prints some value groups as letters.
LETTERS = {"C": 96, "F": 97, "L": 98, "P": 99}

_PATTERN = re.compile(
    r"(?:(?:(?P<a>\d{1,3})[-.])?(?P<b>\d{1,3}) ?:)?"
    r"(?P<c>\d{1,3}|[CFLP])\.(?P<d>\d{1,3}|[CFLP])(?:\.(?P<e>\d{1,3}))?"
    r"(?:[*&](?P<f>\d{1,3})|\.(?P<f2>255))?",
    re.ASCII,
)


class ObisCode(NamedTuple):
    """One OBIS code; six value groups of one byte each, F = 255 where no billing period is meant.

    A tuple, as codes are looked up in dictionaries for every value of every telegram, and a tuple hashes ten times as
    fast as a dataclass.
    """

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int = 255

    def __str__(self) -> str:
        """Write `A-B:C.D.E`, with `*F` only where F is not 255."""
        return _text(self)

    def __bytes__(self) -> bytes:
        """Return the six bytes of the logical name, A first."""
        return bytes((self.a, self.b, self.c, self.d, self.e, self.f))

    @staticmethod
    def from_bytes(data: bytes) -> ObisCode:
        """Read the six bytes of a COSEM logical name, A first; raises ObisFormatError for another length."""
        return _from_bytes(bytes(data))

    @staticmethod
    def parse(text: str) -> ObisCode:
        """Read `1-0:1.8.0`, `1-0:1.8.0*255`, `1-0:1.8.0.255`, `0-0:C.1.0` or reduced `1.8.0`.

        Missing A, B and E are 0. Raises ObisFormatError where the text is none of these or a group exceeds 255.
        """
        return _parse(text)


@lru_cache(maxsize=2048)
def _text(code: ObisCode) -> str:
    short = f"{code.a}-{code.b}:{code.c}.{code.d}.{code.e}"
    return short if code.f == 255 else f"{short}*{code.f}"


@lru_cache(maxsize=2048)
def _from_bytes(data: bytes) -> ObisCode:
    if len(data) != 6:
        raise ObisFormatError(f"an OBIS code has 6 bytes, not {len(data)}")
    return ObisCode(*data)


@lru_cache(maxsize=2048)
def _parse(text: str) -> ObisCode:
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ObisFormatError(f"not an OBIS code: {text[:40]!r}")
    a, b, c, d, e, f, f2 = match.groups()
    groups = [
        LETTERS.get(group) or int(group)
        for group in (a or "0", b or "0", c, d, e or "0", f or f2 or "255")
    ]
    if max(groups) > 255:
        raise ObisFormatError(f"a value group exceeds 255: {text[:40]!r}")
    return ObisCode(*groups)


CLOCK: Final = ObisCode(0, 0, 1, 0, 0)
"""The meter's own time (IEC 62056-61)."""
