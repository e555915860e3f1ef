r"""Energienetze Steiermark, Energie Graz, Feistritzwerke: Sagemcom T210-D-r and S210 on a P1 socket, 115200 8N1.

One ciphered APDU without a link layer every 10 s; inside DSMR text in Wh, varh, W and var without decimals:

    /EST5\253710000_A     1-3:0.2.8(50)     0-0:1.0.0(...)     1-0:1.8.0(006545766*Wh)     ...     !CRC
"""

from .dsmr import TextRow, clock, fixed, registers

_CODES = tuple(
    code
    for c in (1, 2, 3, 4)
    for code in (f"{c}.8.0", f"{c}.8.1", f"{c}.8.2", f"{c}.7.0")
)


def _row(phases: int) -> TextRow:
    return TextRow(
        "/EST5\\253710000_A",
        (fixed("1-3:0.2.8(50)", 50), clock, *registers(_CODES, 9)),
        interval=10,
        title=b"SAG5\x00",
        phases=phases,
    )


OPERATORS = ("energienetze-steiermark", "energie-graz", "feistritzwerke")
ROWS = {
    (operator, meter): _row(phases)
    for operator in OPERATORS
    for meter, phases in (("sagemcom-t210d", 3), ("sagemcom-s210", 1))
}
