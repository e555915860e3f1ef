"""Given the same values, names, key and counter, the simulators write the operators' own example telegrams byte for byte."""

from datetime import datetime, timedelta, timezone

import pytest

from customer_interface import simulate
from customer_interface.simulate import amis, mbus
from customer_interface.simulate.cipher import Ciphering
from customer_interface.simulate.dlms import Names, Row
from customer_interface.simulate.house import House, Snapshot

SUMMER = timezone(timedelta(hours=2))

# Netz NÖ, Spezifikation Kundenschnittstelle 218_9, example.
NETZ_NOE = bytes.fromhex(
    "68FAFA6853FF000167DB084B464D675000000981F8200000002388D5AB4F97515AAFC6B88D2F85DAA7A0E3C0C40D004535C3"
    "97C9D037AB7DBDA329107615444894A1A0DD7E85F02D496CECD3FF46AF5FB3C9229CFE8F3EE4606AB2E1F409F36AAD2E5090"
    "0A4396FC6C2E083F373233A69616950758BFC7D63A9E9B6E99E21B2CBC2B934772CA51FD4D69830711CAB1F8CFF25F0A3293"
    "37CBA51904F0CAED88D61968743C8454BA922EB00038182C22FE316D16F2A9F544D6F75D51A4E92A1C4EF8AB19A2B7FEAA32"
    "D0726C0ED80229AE6C0F7621A4209251ACE2B2BC66FF0327A653BB686C756BE033C7A281F1D2A7E1FA31C3983E15F8FD16CC"
    "5787E6F517166814146853FF110167419A3CFDA44BE438C96F0E38BF83D98316"
)
# TINETZ and IKB, example of the Kaifa MA110M.
TIROL = bytes.fromhex(
    "68FAFA6853FF000167DB084B464D10100000238201092100295B9AEFC1546E644A2C9E32EDD42CBD0F1B945B194D086885C4"
    "D8DF86DD52CB5B448854A6D548D5D270739B2A169D05B013F9015070089D3C5FA45CA05E92309A645CC83D7DA40FBC8F4CF9"
    "C225AFA69A25FF0B2AC9C2744550ABA53CE9143FD10B0AD85FD30BD6B6DFFEE65F8204DC9C5067CA73B62E299A39D50AA730"
    "B2B9AE3836BC2F3490FB41BE5B6F930D84952976369DD7DABBB5A4354AECA1D2486CFF2EB0C6206380BA501D122AF75D716D"
    "3092C3960506A15E06FAB0EE5B7DFA3C2CDF0CAFD051B88E44B8B9FB8865F20CB89D1143CDC7EFEB07FB4C4898E764E9E3A3"
    "2DDC3D1F0F166826266853FF110167B46961CE962B2C78050C96598C7E4D26658043F9CBCA78189BD01B139F8AE0F7391116"
)
# Netz OÖ, Technische Spezifikation AMIS-Zähler Kundenschnittstelle, example.
AMIS = bytes.fromhex(
    "685F5F6853F05B000000002D4C010E0D0050053FD0FEB726760CC7AAF0B52B41F0C541BD6306DCD8B91B3DA2311EF13D2514"
    "D0960082161EFEC4B6CB1E0B3328BE6177DCA594C1280024A835F1D655BA7182B256E94BD33AC0A6B08DA46781EB4E91E01216"
)


def _milli(**values: int) -> dict[str, int]:
    return {name[1:].replace("_", "."): value * 1000 for name, value in values.items()}


def _invoked(apdu: bytes, invoke_id: str) -> bytes:
    """Only the running number of the notification is the meter's own business."""
    return apdu[:1] + bytes.fromhex(invoke_id) + apdu[5:]


def _row(operator: str, meter: str) -> Row:
    row = simulate.ROWS[operator, meter]
    assert isinstance(row, Row)
    return row


def test_netz_noe() -> None:
    """Netz NÖ's example, one phase of a Kaifa MA309M connected."""
    snapshot = Snapshot(
        datetime(2021, 9, 27, 9, 47, 15, tzinfo=SUMMER),
        _milli(_1_8_0=12937, _2_8_0=0, _1_7_0=0, _2_7_0=0, _31_7_0=0, _51_7_0=0)
        | _milli(_71_7_0=0, _52_7_0=0, _72_7_0=0, _13_7_0=1)
        | {"32.7.0": 233_700},
    )
    row = _row("netz-noe", "kaifa-ma309m")
    title = bytes.fromhex("4B464D6750000009")
    spoken = row.payload(snapshot, Names("181220000009", title), 0)
    key = bytes.fromhex("36C66639E48A8CA4D6BC8B282A793BBB")
    sealed = Ciphering(title, 0x20, key).seal(_invoked(spoken.apdu, "8006870E"), 0x23)
    assert b"".join(row.framing(sealed)) == NETZ_NOE


@pytest.mark.parametrize(
    "operator", ["tinetz", "ikb", "salzburg-netz", "vorarlberg-netz"]
)
def test_tirol(operator: str) -> None:
    """The example of TINETZ and IKB, a Kaifa MA110M."""
    snapshot = Snapshot(
        datetime(2021, 7, 19, 15, 46, 35, tzinfo=SUMMER),
        _milli(
            _31_7_0=0, _1_7_0=0, _2_7_0=0, _1_8_0=9108, _2_8_0=0, _3_8_0=96, _4_8_0=9
        )
        | {"32.7.0": 230_800},
    )
    row = _row(operator, "kaifa-ma110m")
    title = bytes.fromhex("4B464D1010000023")
    names = Names("1KFM0100000035", title, "KFM1100100000035")
    spoken = row.payload(snapshot, names, 0)
    key = bytes.fromhex("101112131415161718191A1B1C1D1E1F")
    sealed = Ciphering(title, 0x21, key).seal(
        _invoked(spoken.apdu, "0029B2DC"), 0x295B9A
    )
    assert b"".join(row.framing(sealed)) == TIROL


def test_an_older_sagemcom_counts_257_bytes_as_1() -> None:
    """Older firmware of the T210-D fills its frames so far that their length does not fit the length byte."""
    telegram = simulate.simulator("netz-noe", "sagemcom-t210d-old").telegram(1.8e9)
    assert telegram.startswith(b"\x68\x01\x01\x68\x53\xff\x00\x01\x67\xdb\x08SAGY")
    second = telegram[263:]
    assert second.startswith(b"\x68\x0d\x0d\x68\x53\xff\x11\x01\x67")
    assert len(second) == 0x0D + 6


def test_amis() -> None:
    """Netz OÖ's example."""
    snapshot = Snapshot(
        datetime(2014, 7, 1, 8, 12, 31, tzinfo=SUMMER),
        _milli(_1_8_0=684544, _2_8_0=129412, _3_8_0=357918, _4_8_0=81446)
        | _milli(_1_7_0=0, _2_7_0=117, _3_7_0=0, _4_7_0=0),
    )
    plain = amis.records(snapshot, collected=20)
    key = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    assert amis.frame(plain, access=0x0D, control=0x53, key=key) == AMIS


def test_long_frames_of_the_published_vectors() -> None:
    """A single frame and one of two segments, as the vectors of the wired M-Bus envelope have them."""
    apdu = bytes(range(0x37))
    (single,) = mbus.segments(apdu, 245)
    assert single[:9] == bytes.fromhex("683C3C6853FF100167")
    first, second = mbus.segments(apdu, 0x1E)
    assert (first[6], second[6]) == (0x00, 0x11)


def test_households_without_a_phase_still_have_a_telegram() -> None:
    """The single-phase meters write from the same household."""
    assert House(phases=1).at(1.8e9).raw("52.7.0", -1) == 0
