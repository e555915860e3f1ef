"""The command line: what it prints for telegrams, and how it ends."""

from decimal import Decimal
import io
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import pytest

from customer_interface.__main__ import main
from tests.captures import cases
from tests.conftest import INTEGRATION
from tests.dlms_apdus import (
    HEADER,
    TINETZ,
    TINETZ_KEY,
    general_signing,
    hdlc_frame,
    listed,
    notification,
    octets,
    u32,
)
from tests.mbus_telegrams import OMS_MODE_5, OMS_MODE_5_KEY

# Official example of the grid operator's documentation, key included.
NOE_KEY = "36C66639E48A8CA4D6BC8B282A793BBB"
NOE_TELEGRAM = (
    "68FAFA6853FF000167DB084B464D675000000981F8200000002388D5AB4F97515AAFC6B88D2F85DAA7A0E3C0C40D004535C397C9D037AB7D"
    "BDA329107615444894A1A0DD7E85F02D496CECD3FF46AF5FB3C9229CFE8F3EE4606AB2E1F409F36AAD2E50900A4396FC6C2E083F373233A6"
    "9616950758BFC7D63A9E9B6E99E21B2CBC2B934772CA51FD4D69830711CAB1F8CFF25F0A329337CBA51904F0CAED88D61968743C8454BA92"
    "2EB00038182C22FE316D16F2A9F544D6F75D51A4E92A1C4EF8AB19A2B7FEAA32D0726C0ED80229AE6C0F7621A4209251ACE2B2BC66FF0327"
    "A653BB686C756BE033C7A281F1D2A7E1FA31C3983E15F8FD16CC5787E6F517166814146853FF110167419A3CFDA44BE438C96F0E38BF83D9"
    "8316"
)


def run(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, list[dict[str, Any]]]:
    """Run the command line; returns exit status and the printed objects with exact numbers."""
    capsys.readouterr()
    status = main(list(arguments))
    lines = capsys.readouterr().out.splitlines()
    return status, [json.loads(line, parse_float=Decimal) for line in lines]


def decode_hex(
    capsys: pytest.CaptureFixture[str], folder: Path, telegram: str, *arguments: str
) -> tuple[int, list[dict[str, Any]]]:
    """Decode hexadecimal text from a file."""
    file = folder / "telegram.hex"
    file.write_text(telegram, "ascii")
    return run(capsys, "decode", *arguments, str(file))


def numbers(reading: dict[str, Any]) -> dict[str, tuple[Any, str | None]]:
    """Return a reading's values as pairs."""
    return {
        code: (value["value"], value["unit"])
        for code, value in reading["values"].items()
        if isinstance(value, dict)
    }


@pytest.mark.parametrize(
    "line",
    [
        "{0}_{1}",
        "{0}|{1}",
        "telegram=|{0}_{1}|+32",
        "telegram={0}{1}",
        "# overheard\n{0} {1}",
    ],
)
def test_decode_lines_of_receivers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str
) -> None:
    """Telegrams are read as radio receivers write them into their logs."""
    telegram = OMS_MODE_5.hex().upper()
    written = line.format(telegram[:30], telegram[30:])
    key = OMS_MODE_5_KEY.hex()
    status, (reading,) = decode_hex(capsys, tmp_path, written, "--key", key)
    assert (status, reading["meter"]["id"]) == (0, "12345678")


def test_official_example(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The operator's own example gives the operator's own values."""
    status, (reading,) = decode_hex(capsys, tmp_path, NOE_TELEGRAM, "--key", NOE_KEY)
    assert status == 0
    assert reading["meter"]["title"] == "4B464D6750000009"
    assert (reading["authenticated"], reading["counter"]) == (False, 0x23)
    assert numbers(reading)["1-0:1.8.0"] == (12937, "Wh")
    assert numbers(reading)["1-0:32.7.0"] == (Decimal("233.7"), "V")


def test_apdu_alone_is_no_radio_frame(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """DB 08 could be the length and the C field of a wireless frame: what has the length of an APDU is one."""
    apdu = TINETZ[9:254] + TINETZ[265:-2]
    for written in (apdu.hex(), apdu.hex() + "\n" + apdu.hex()):
        status, readings = decode_hex(
            capsys, tmp_path, written, "--key", TINETZ_KEY.hex()
        )
        assert status == 0
        assert {numbers(r)["1-0:1.8.0"] for r in readings} == {(9108, "Wh")}


def test_binary_and_recordings(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The same telegram as bytes and as a recording reads the same."""
    binary = tmp_path / "telegram.bin"
    binary.write_bytes(bytes.fromhex(NOE_TELEGRAM))
    recording = tmp_path / "telegram.jsonl"
    line = {
        "time": 1789000000.0,
        "direction": "rx",
        "line": "2400 8E1",
        "hex": NOE_TELEGRAM,
    }
    recording.write_text(json.dumps(line) + "\n", "ascii")
    _, expected = decode_hex(capsys, tmp_path, NOE_TELEGRAM, "--key", NOE_KEY)
    for file in (binary, recording):
        assert run(capsys, "decode", "--key", NOE_KEY, str(file)) == (0, expected)


def test_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dash reads standard input."""
    stdin = io.TextIOWrapper(io.BytesIO(NOE_TELEGRAM.encode("ascii")))
    monkeypatch.setattr(sys, "stdin", stdin)
    status, (reading,) = run(capsys, "decode", "--key", NOE_KEY, "-")
    assert status == 0
    assert "1-0:1.8.0" in reading["values"]


@pytest.mark.parametrize(
    ("telegram", "arguments", "fault"),
    [
        (NOE_TELEGRAM, [], "key"),
        (NOE_TELEGRAM, ["--key", "00" * 16], "key"),
        (
            NOE_TELEGRAM[:200] + "00" + NOE_TELEGRAM[202:],
            ["--key", NOE_KEY],
            "checksum",
        ),
        (NOE_TELEGRAM[:300], ["--key", NOE_KEY], "truncated"),
        ("68FAFA6853FFFF0167" + "00" * 245 + "0016", [], "checksum"),
        ("0102030405060708", [], "noise"),
    ],
)
def test_faults_have_names(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    telegram: str,
    arguments: list[str],
    fault: str,
) -> None:
    """What cannot be read is told by its kind, and the exit status says that nothing was."""
    status, results = decode_hex(capsys, tmp_path, telegram, *arguments)
    assert status == 1
    assert fault in [result["fault"] for result in results]
    assert NOE_KEY not in json.dumps(results, default=str).upper()


_NOE = ("--operator", "netz-noe", "--meter", "kaifa-ma309m")


@pytest.mark.parametrize(
    "arguments",
    [
        ["decode", "--key", "12345", "-"],
        ["decode", "/nowhere/at/all"],
        ["decode", "--operator", "nobody", "-"],
        ["listen", "socket://127.0.0.1:1"],
        ["listen", "--line", "2400 8E1", "--record", "/nowhere/at/all", "/dev/null"],
        ["simulate", *_NOE, "--port", "tcp:65536"],
        ["simulate", *_NOE, "--port", f"tcp:{'9' * 5000}"],
        ["simulate", *_NOE, "--port", "pty:/nowhere/at/all"],
    ],
)
def test_wrong_arguments(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    """A clear sentence and exit status 2."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("customer-interface: ")


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "fast"])
def test_wrong_speed(capsys: pytest.CaptureFixture[str], speed: str) -> None:
    """Time neither stands still nor runs backwards."""
    with pytest.raises(SystemExit) as caught:
        main(["simulate", *_NOE, "--speed", speed])
    assert caught.value.code == 2
    assert f"invalid _speed value: '{speed}'" in capsys.readouterr().err


def test_operators(capsys: pytest.CaptureFixture[str]) -> None:
    """Every row of the catalogue is listed."""
    assert main(["operators"]) == 0
    assert "netz-noe" in capsys.readouterr().out
    _, rows = run(capsys, "operators", "--json")
    assert {"netz-noe", "wiener-netze"} <= {row["operator"] for row in rows}
    assert all(row["keys"] or row["line"] for row in rows)


@pytest.mark.parametrize("capture", cases("dlms"))
def test_dlms_captures(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, capture: dict[str, Any]
) -> None:
    """Real telegrams give exactly their values."""
    arguments = ["--key", capture["key"]] if capture["key"] else []
    arguments += ["--auth-key", capture["auth_key"]] if capture["auth_key"] else []
    status, results = decode_hex(capsys, tmp_path, capture["hex"], *arguments)
    assert status == 0
    assert not any("fault" in result for result in results)
    found = numbers(results[0])
    for code, expected in capture.get("values", {}).items():
        assert found[code][0] == pytest.approx(Decimal(str(expected["value"])), abs=0)
        assert found[code][1] == expected["unit"]
    for code in capture.get("raw_values", {}):
        assert code in found


@pytest.mark.parametrize("capture", cases("p1"))
def test_p1_captures(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, capture: dict[str, Any]
) -> None:
    """Every telegram with a sound checksum is read."""
    status, results = decode_hex(capsys, tmp_path, capture["hex"])
    readings = [result for result in results if "fault" not in result]
    assert (status == 0) == bool(readings)
    assert bool(readings) == (capture["crc_ok"] is not False)


def test_certificate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A signature is verified with a certificate or public key where one is given."""
    private = ec.generate_private_key(ec.SECP256R1())
    content = notification(listed(u32(7)))
    r, s = utils.decode_dss_signature(
        private.sign(HEADER + octets(content), ec.ECDSA(hashes.SHA256()))
    )
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    telegram = hdlc_frame(general_signing(content, signature)).hex()
    status, (reading,) = decode_hex(capsys, tmp_path, telegram)
    assert (status, reading["authenticated"]) == (0, False)
    key = tmp_path / "meter.pem"
    key.write_bytes(
        private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
    )
    status, (reading,) = decode_hex(
        capsys, tmp_path, telegram, "--certificate", str(key)
    )
    assert (status, reading["authenticated"]) == (0, True)
    key.write_bytes(b"no key")
    for file in (key, tmp_path / "missing.pem"):
        status, nothing = decode_hex(
            capsys, tmp_path, telegram, "--certificate", str(file)
        )
        assert (status, nothing) == (2, [])


def test_key_that_is_understood_otherwise(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A key that is spelt in an unusual way is tried, and said to have been; the operator alone is enough."""
    file = tmp_path / "telegram.hex"
    file.write_text(NOE_TELEGRAM, "ascii")
    key = NOE_KEY.encode("ascii").hex()
    assert main(["decode", "--operator", "netz-noe", "--key", key, str(file)]) == 0
    printed, said = capsys.readouterr()
    assert json.loads(printed)["meter"]["id"]
    assert said == "note: a key was understood as hex of hex\n"


def test_output_nobody_reads(tmp_path: Path) -> None:
    """Where what is printed goes to a program that ended, as `head` does, there is nothing to complain about."""
    file = tmp_path / "telegrams.hex"
    file.write_text(f"{NOE_TELEGRAM}\n" * 50, "ascii")
    command = [sys.executable, "-m", "customer_interface", "decode", "--key", NOE_KEY]
    with subprocess.Popen(
        [*command, str(file)],
        env={**os.environ, "PYTHONPATH": str(INTEGRATION)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        (
            '{"time": 0, "hex": "00"}\n{"time": 0, "hex": "0"}\n',
            (),
            "line 2 of the rec",
        ),
        ('{"time": 0, "hex": "00"}\n{"hex": "00"}\n', (), "line 2 of the rec"),
        ('{"time": 1e999, "hex": "00"}\n', (), "line 1 of the rec"),
        ('{"time": NaN, "hex": "00"}\n', (), "line 1 of the rec"),
        pytest.param(
            f'{{"time": 1{"0" * 400}, "hex": "00"}}\n',
            *((), "line 1 of the rec"),
            id="far away",
        ),
        pytest.param(f'{{"hex": {"[" * 200_000}\n', (), "line 1 of the rec", id="deep"),
        ("68 FA\nno hex\n", ("--hex",), "line 2 is not hexadecimal"),
    ],
)
def test_damaged_files(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    text: str,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    """Which line of a file is not understood is said."""
    file = tmp_path / "damaged"
    file.write_text(text, "ascii")
    assert main(["decode", *arguments, str(file)]) == 2
    assert words in capsys.readouterr().err
