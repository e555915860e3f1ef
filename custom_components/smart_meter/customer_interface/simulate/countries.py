r"""P1 telegrams beyond Austria, each as its country's or operator's document prints them.

Netherlands  DSMR P1 Companion Standard 2.2, 4.2, 5.0.2      Belgium     e-MUCS P1 1.7.1 (Fluvius)
Wallonia     Iskra IE.5, as a published telegram has it      Sweden      Energiföretagen, branschrekommendation 2.0
Luxembourg   Smarty P1 specification 1.0, encrypted          Hungary     E.ON, felhasználói csatlakozó
Denmark      as DSMR 5                                       Poland      E.ON and Stoen, the lines encrypted
Ireland      as DSMR 5, Irish time                           Burgenland  Landis+Gyr E360, as DSMR 5
Finland      SESKO SK 13-1:2022: as Sweden, Finnish time     Lithuania   ESO, as a published telegram has it
"""

from .dsmr import (
    SubMeter,
    TextRow,
    clock,
    current_demand,
    fixed,
    number,
    peak_demand,
    peak_history,
    poland,
    power_failures,
    register,
    registers,
    thousandths,
)

_TARIFFS = ("1.8.1", "1.8.2", "2.8.1", "2.8.2")
_PHASE_POWERS = ("21.7.0", "41.7.0", "61.7.0", "22.7.0", "42.7.0", "62.7.0")
_PHASE_REACTIVE = ("23.7.0", "43.7.0", "63.7.0", "24.7.0", "44.7.0", "64.7.0")
_VOLTAGES = ("32.7.0", "52.7.0", "72.7.0")
_CURRENTS = ("31.7.0", "51.7.0", "71.7.0")
_GAS = SubMeter(1, 3, "gas", "G0046003910269819", 91)
_WATER = SubMeter(2, 7, "water", "W0012345678901234", 17)
_OLD_GAS = SubMeter(1, 3, "gas", "2222ABCD123456789", 91, code="24.2.1")
_BELGIAN_GAS = SubMeter(1, 3, "gas", "7FLO2119033733", 91, code="24.2.3")
_BELGIAN_WATER = SubMeter(2, 7, "water", "8SAG1234567890", 17)

_DSMR_5 = TextRow(
    "/ISK5\\2M550T-1012",
    (
        fixed("1-3:0.2.8(50)", 50),
        clock,
        number("0-0:96.1.1"),
        *registers(_TARIFFS, 6, 3, kilo=True),
        fixed("0-0:96.14.0(0001)", 1),
        *registers(("1.7.0", "2.7.0"), 2, 3, kilo=True),
        fixed("0-0:96.7.21(00005)", 5),
        fixed("0-0:96.7.9(00003)", 3),
        power_failures,
        fixed("1-0:32.32.0(00001)", 1),
        fixed("1-0:32.36.0(00001)", 1),
        fixed("0-0:96.13.0()"),
        *registers(_VOLTAGES, 3, 1),
        *registers(_CURRENTS, 3),
        *registers(_PHASE_POWERS, 2, 3, kilo=True),
        _GAS.type_line,
        _GAS.number_line(),
        _GAS.value_line,
    ),
)
_DSMR_4 = TextRow(
    "/KFM5KAIFA-METER",
    (
        fixed("1-3:0.2.8(42)", 42),
        clock,
        number("0-0:96.1.1"),
        *registers(_TARIFFS, 6, 3, kilo=True),
        fixed("0-0:96.14.0(0002)", 2),
        *registers(("1.7.0", "2.7.0"), 2, 3, kilo=True),
        *registers(_CURRENTS, 3),
        fixed("0-0:96.13.1()"),
        fixed("0-0:96.13.0()"),
        _GAS.type_line,
        _GAS.number_line(),
        _GAS.value_line,
    ),
    interval=10,
)
_DSMR_2 = TextRow(
    "/ISk5\\2MT382-1004",
    (
        number("0-0:96.1.1"),
        *registers(_TARIFFS, 5, 3, kilo=True),
        fixed("0-0:96.14.0(0001)", 1),
        *registers(("1.7.0", "2.7.0"), 4, 2, kilo=True),
        fixed("0-0:96.13.1()"),
        fixed("0-0:96.13.0()"),
        _OLD_GAS.type_line,
        _OLD_GAS.number_line(),
        _OLD_GAS.old_value_line,
        fixed("0-1:24.4.0(1)", 1, channel=1),
    ),
    line="9600 7E1",
    interval=10,
    checksum=False,
)
_FLUVIUS = TextRow(
    "/FLU5\\253769484_A",
    (
        fixed("0-0:96.1.4(50217)"),
        number("0-0:96.1.1"),
        clock,
        *registers(_TARIFFS, 6, 3, kilo=True),
        current_demand,
        peak_demand,
        peak_history,
        fixed("0-0:96.14.0(0001)", 1),
        *registers(("1.7.0", "2.7.0", *_PHASE_POWERS), 2, 3, kilo=True),
        *registers(_VOLTAGES, 3, 1),
        *registers(_CURRENTS, 3, 2),
        fixed("0-0:96.3.10(1)", 1),
        fixed("0-0:17.0.0(999.9*kW)", 999_900, "W"),
        fixed("1-0:31.4.0(999*A)", 999, "A"),
        fixed("0-0:96.13.0()"),
        _BELGIAN_GAS.type_line,
        _BELGIAN_GAS.number_line("96.1.1"),
        fixed("0-1:24.4.0(1)", 1, channel=1),
        _BELGIAN_GAS.value_line,
        _BELGIAN_WATER.type_line,
        _BELGIAN_WATER.number_line("96.1.1"),
        _BELGIAN_WATER.value_line,
    ),
    number="1SAG11000{seed:05d}",
)
# The authentication key is the same for all meters, and published.
_SMARTY = TextRow(
    "/Lux5\\253663629_D",
    (
        fixed("1-3:0.2.8(42)", 42),
        clock,
        number("0-0:42.0.0"),
        *registers(("1.8.0", "2.8.0"), 6, 3, kilo=True),
        *registers(("3.8.0", "4.8.0"), 6, 3, kilo=True),
        *registers(("1.7.0", "2.7.0", "3.7.0", "4.7.0"), 2, 3, kilo=True),
        fixed("0-0:17.0.0(27.600*kVA)", 27_600, "VA"),
        fixed("0-0:96.13.0()"),
        *registers(_CURRENTS, 3),
        _GAS.type_line,
        _GAS.number_line(),
        _GAS.value_line,
    ),
    number="SAG103070{seed:07d}",
    interval=10,
    title=b"SAGg\x00",
    keys=("guek",),
    authentication=bytes.fromhex("00112233445566778899AABBCCDDEEFF"),
)
_SWEDEN = TextRow(
    "/ELL5\\253833635_A",
    (
        clock,
        *registers(("1.8.0", "2.8.0", "3.8.0", "4.8.0"), 8, 3, kilo=True),
        *registers(("1.7.0", "2.7.0", "3.7.0", "4.7.0"), 4, 3, kilo=True),
        *registers((*_PHASE_POWERS, *_PHASE_REACTIVE), 4, 3, kilo=True),
        *registers(_VOLTAGES, 3, 1),
        *registers(_CURRENTS, 3, 1),
    ),
    number="",
    interval=10,
)


def _denmark(header: str) -> TextRow:
    return TextRow(
        header,
        (
            fixed("1-3:0.2.8(50)", 50),
            clock,
            number("0-0:96.1.1", hexadecimal=False),
            *registers(("1.8.0", "2.8.0", "3.8.0", "4.8.0"), 8, 3, kilo=True),
            *registers(("1.7.0", "2.7.0", "3.7.0", "4.7.0"), 4, 3, kilo=True),
            *registers(_VOLTAGES, 3, 1),
            *registers(_CURRENTS, 3, 2),
            register("14.7.0", 2, 2),
        ),
        number="{seed:08d}",
        interval=10,
    )


_HUNGARY = TextRow(
    "/SAG5SAG-METER",
    (
        clock,
        number("0-0:96.1.0"),
        fixed("0-0:96.14.0(0001)", 1),
        fixed("0-0:96.3.10(1)", 1),
        fixed("0-0:17.0.0(90.000*kW)", 90_000, "W"),
        *registers(
            ("1.8.0", "1.8.1", "1.8.2", "2.8.0", "2.8.1", "2.8.2"), 6, 3, kilo=True
        ),
        *registers(("3.8.0", "4.8.0", "15.8.0"), 6, 3, kilo=True),
        *registers(_VOLTAGES, 3, 1),
        *registers(_CURRENTS, 3),
        *registers(("13.7.0", "33.7.0", "53.7.0", "73.7.0"), 1, 3),
        register("14.7.0", 2, 2),
        *registers(("1.7.0", "2.7.0"), 2, 3, kilo=True),
        fixed("0-0:96.13.0()"),
    ),
    number="8900882200{seed:05d}",
    interval=10,
)
_WALLONIA = TextRow(
    "/ISk5\\2MIE5T-200",
    (
        number("0-0:96.1.0", hexadecimal=False),
        clock,
        *registers(_TARIFFS, 6, 3, kilo=True),
        fixed("0-0:96.14.0(0001)", 1),
        *registers(("1.7.0", "2.7.0", *_PHASE_POWERS), 2, 3, kilo=True),
        *registers(_VOLTAGES, 3, 1),
        *registers(_CURRENTS, 3),
        fixed("0-0:96.3.10(1)", 1),
        fixed("0-0:96.13.0()"),
    ),
    number="0961{seed:07d}",
    interval=1,
)
_IRELAND = TextRow("/KAM5", _DSMR_5.lines, interval=10, standard_hours=0)
_FINLAND = TextRow(
    "/ADN9 7534", _SWEDEN.lines, number="", interval=10, standard_hours=2
)
_LITHUANIA = TextRow(
    "/ESO5\\253800000_A",
    (
        clock,
        *registers(("1.8.0", "3.8.0", "4.8.0"), 8, 3, kilo=True),
        *registers(_TARIFFS, 8, 3, kilo=True),
        *registers((*_VOLTAGES, *_CURRENTS, "14.7.0"), 4, 3, kilo=True),
        *registers((*_PHASE_POWERS, *_PHASE_REACTIVE), 8, 3, kilo=True),
        thousandths("13.7.0"),
    ),
    number="",
    interval=10,
    standard_hours=2,
)


def _poland(header: str) -> TextRow:
    return TextRow(
        header,
        (
            clock,
            number("0-0:96.1.0"),
            *registers(("1.8.0", "1.8.1", "1.8.2", "2.8.0"), 6, 3, kilo=True),
            *registers(("1.7.0", "2.7.0", "3.7.0", "4.7.0"), 2, 3, kilo=True),
            *registers(_VOLTAGES, 3, 1),
        ),
        number="3000{seed:04d}",
        interval=10,
        title=bytes(8),
        cipher=poland,
    )


_E360 = TextRow(
    "/LGF5E360",
    (
        clock,
        number("0-0:96.1.0", hexadecimal=False),
        *registers(("1.8.0", "2.8.0", "3.8.0", "4.8.0"), 6, 3, kilo=True),
        *registers(("1.7.0", "2.7.0", "3.7.0", "4.7.0"), 4, 3, kilo=True),
        *registers(_VOLTAGES, 3, 1),
        *registers(_CURRENTS, 3, 1),
    ),
    number="3600{seed:04d}",
    interval=10,
)

ROWS = {
    ("nl-p1", "dsmr-5"): _DSMR_5,
    ("nl-p1", "dsmr-4"): _DSMR_4,
    ("nl-p1", "dsmr-2"): _DSMR_2,
    ("be-fluvius", "sagemcom-t211"): _FLUVIUS,
    ("be-fluvius", "p1-meter"): _FLUVIUS,
    ("be-ores", "p1-meter"): _FLUVIUS,
    ("be-ores", "iskra-ie5"): _WALLONIA,
    ("lu-smarty", "sagemcom-t210d"): _SMARTY,
    ("lu-smarty", "sagemcom-s210"): _SMARTY,
    ("se-p1", "p1-meter"): _SWEDEN,
    ("dk-p1", "nes-p1"): _denmark("/NES5\\MTR5000"),
    ("dk-p1", "p1-meter"): _denmark("/KAM5"),
    ("fi-p1", "p1-meter"): _FINLAND,
    ("lt-p1", "p1-meter"): _LITHUANIA,
    ("hu-p1", "p1-meter"): _HUNGARY,
    ("ie-p1", "p1-meter"): _IRELAND,
    ("pl-p1", "kaifa-ma309m"): _poland("/KFM5KAIFA-METER"),
    ("pl-p1", "elgama-gama350"): _poland("/EGM5G35"),
    ("netz-burgenland", "lg-e360"): _E360,
}
