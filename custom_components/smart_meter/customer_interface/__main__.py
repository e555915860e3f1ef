"""The command line: decode, listen, detect, operators, publish, simulate; each with --help."""

import argparse
import asyncio
from collections.abc import Iterable, Sequence
import contextlib
from pathlib import Path
import sys
from typing import Any

from . import catalogue, jsonform
from .catalogue.operators import GridOperator, Offer
from .errors import CustomerInterfaceError, KeyFormatError, SourceError
from .keys import Key, KeyKind, KeyRing, parse_key
from .line import LineSettings
from .reading import Fault, Link, Reading
from .security.dlms import is_signer

EXIT_READ, EXIT_NOTHING, EXIT_USAGE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except CustomerInterfaceError as err:
        print(f"customer-interface: {err}", file=sys.stderr)
        return EXIT_USAGE
    except BrokenPipeError:
        # The reader of our output went away: nothing is left to say, not even at exit.
        sys.stdout = None
        return EXIT_READ
    except OSError as err:
        print(f"customer-interface: {err}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_READ
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="customer-interface",
        description="Reads the customer interface of smart meters.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_decode(commands)
    _add_listen(commands)
    _add_detect(commands)
    _add_operators(commands)
    _add_publish(commands)
    _add_simulate(commands)
    return parser


def _add_url(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url",
        metavar="URL",
        help="/dev/serial/by-id/..., socket://HOST:PORT, rfc2217://HOST:PORT, ...",
    )


def _add_meter(parser: argparse.ArgumentParser) -> None:
    """Add what is said of a meter: its keys, its row of the catalogue, or its link."""
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="HEX|ID=HEX",
        help="a key, for all meters or for one",
    )
    parser.add_argument(
        "--auth-key",
        action="append",
        default=[],
        metavar="HEX",
        help="the authentication key (GAK)",
    )
    parser.add_argument(
        "--certificate",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="certificate or public key of a meter that signs (PEM or DER)",
    )
    parser.add_argument(
        "--operator", metavar="ID", help="grid operator, see `operators`"
    )
    parser.add_argument("--meter", metavar="ID", help="meter, see `operators`")
    parser.add_argument(
        "--link",
        choices=["auto", *Link],
        default="auto",
        help="link layer (default: auto)",
    )


def _keyring(
    options: argparse.Namespace, kind: KeyKind = KeyKind.ENCRYPTION
) -> KeyRing:
    keys = tuple(_named_key(text, kind) for text in options.key)
    authentication = tuple(
        parse_key(text, KeyKind.AUTHENTICATION) for text in options.auth_key
    )
    for key in keys + authentication:
        if key.assumed:
            print(
                f"note: a key was understood as {key.assumed.replace('_', ' ')}",
                file=sys.stderr,
            )
    return KeyRing(keys, authentication, _signers(options.certificate))


def _signers(paths: Sequence[Path]) -> tuple[bytes, ...]:
    try:
        signers = tuple(path.read_bytes() for path in paths)
    except OSError as err:
        raise SourceError("missing", f"a certificate cannot be read: {err}") from err
    if not all(map(is_signer, signers)):
        raise KeyFormatError("alphabet", "a certificate holds no elliptic curve key")
    return signers


def _named_key(text: str, kind: KeyKind) -> Key:
    name, found, secret = text.rpartition("=")
    key = parse_key(secret if found else text, kind)
    return Key(key.secret, name.strip() or None, key.assumed) if found else key


def _profile(options: argparse.Namespace) -> catalogue.Profile | None:
    """Return the profile named by operator and meter; with an operator alone, its first offer's."""
    if options.operator is None:
        return None
    operator = catalogue.load().operator(options.operator)
    return (
        operator.offer(options.meter).profile
        if options.meter
        else operator.offers[0].profile
    )


def _link(options: argparse.Namespace) -> Link | None:
    return None if options.link == "auto" else Link(options.link)


def _key_kind(profile: catalogue.Profile | None, link: Link | None) -> KeyKind:
    """Return how keys are spelt: as the operator's, or as the link's."""
    if profile is not None and profile.keys:
        return profile.keys[0].kind
    return KeyKind.MEP if link is Link.MEP else KeyKind.ENCRYPTION


def _print(thing: Reading | Fault) -> None:
    form = (
        jsonform.reading_object(thing)
        if isinstance(thing, Reading)
        else jsonform.fault_object(thing)
    )
    print(jsonform.to_text(form), flush=True)


# --- decode ---------------------------------------------------------------------------------------------------------


def _add_decode(commands: Any) -> None:
    parser = commands.add_parser("decode", help="decode telegrams from a file")
    _add_meter(parser)
    parser.add_argument(
        "--hex", action="store_true", help="the file is hexadecimal text"
    )
    parser.add_argument(
        "file",
        metavar="FILE|-",
        help="binary, hexadecimal text or a recording; - is standard input",
    )
    parser.set_defaults(run=_decode)


def _decode(options: argparse.Namespace) -> int:
    from .decode import decode  # noqa: PLC0415 - decoding pulls in every room, `operators` needs none of them

    data = _read_file(options.file)
    profile = _profile(options)
    link = _link(options)
    kind = _key_kind(profile, link)
    results = decode(
        data, _keyring(options, kind), link=link, profile=profile, hex_text=options.hex
    )
    return _print_all(results)


def _print_all(results: Iterable[Reading | Fault]) -> int:
    readings = 0
    for result in results:
        readings += isinstance(result, Reading)
        _print(result)
    return EXIT_READ if readings else EXIT_NOTHING


def _read_file(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as err:
        raise CustomerInterfaceError(f"{name} cannot be read: {err.strerror}") from err


# --- listen ---------------------------------------------------------------------------------------------------------


def _add_listen(commands: Any) -> None:
    parser = commands.add_parser("listen", help="listen to a meter on a port")
    _add_meter(parser)
    _add_url(parser)
    parser.add_argument(
        "--line", metavar="'2400 8E1'", help="line settings (default: the meter's)"
    )
    parser.add_argument("--count", type=int, metavar="N", help="end after N readings")
    parser.add_argument(
        "--record", metavar="FILE", help="write what passes into a recording"
    )
    parser.set_defaults(run=_listen)


def _listen(options: argparse.Namespace) -> int:
    from .listen import generic_profile, listen  # noqa: PLC0415 - asyncio and serial ports only where they are used

    profile = _profile(options)
    line = LineSettings.parse(options.line) if options.line else None
    if profile is None:
        if line is None:
            raise CustomerInterfaceError("say --operator and --meter, or --line")
        profile = generic_profile(line, _link(options))
    kind = _key_kind(profile, None)
    with contextlib.ExitStack() as stack:
        record = (
            stack.enter_context(Path(options.record).open("w", encoding="utf-8"))
            if options.record
            else None
        )
        readings = asyncio.run(
            listen(
                options.url,
                profile,
                _keyring(options, kind),
                line=line,
                count=options.count,
                out=_print,
                record=record,
            )
        )
    return EXIT_READ if readings else EXIT_NOTHING


# --- detect ---------------------------------------------------------------------------------------------------------


def _add_detect(commands: Any) -> None:
    parser = commands.add_parser("detect", help="find out which meter is on a port")
    _add_url(parser)
    parser.set_defaults(run=_detect)


def _detect(options: argparse.Namespace) -> int:
    from .detection import detect, finding_object  # noqa: PLC0415 - asyncio and serial ports only where they are used

    found = finding_object(asyncio.run(detect(options.url)))
    print(jsonform.to_text(found), flush=True)
    return EXIT_READ if found["candidates"] else EXIT_NOTHING


# --- operators ------------------------------------------------------------------------------------------------------


def _add_operators(commands: Any) -> None:
    parser = commands.add_parser(
        "operators", help="list grid operators and their meters"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=_operators)


def _operators(options: argparse.Namespace) -> int:
    for operator in catalogue.load().operators.values():
        for offer in operator.offers:
            print(_offer_line(operator, offer, as_json=options.json))
    return EXIT_READ


def _offer_line(operator: GridOperator, offer: Offer, *, as_json: bool) -> str:
    profile = offer.profile
    if as_json:
        return jsonform.to_text(
            {
                "operator": operator.id,
                "name": operator.name,
                "meter": offer.meter.id,
                "model": offer.meter.name,
                "line": str(profile.line) if profile.line else None,
                "keys": [key.label for key in profile.keys],
            }
        )
    keys = ", ".join(key.label for key in profile.keys) or "no key"
    return f"{operator.id:24} {offer.meter.id:24} {profile.line or '-'!s:10}  {keys}"


# --- publish --------------------------------------------------------------------------------------------------------


def _add_publish(commands: Any) -> None:
    parser = commands.add_parser(
        "publish", help="publish the readings of many meters to an MQTT broker"
    )
    parser.add_argument(
        "--config",
        required=True,
        type=Path,
        metavar="FILE",
        help="broker and meters (TOML), see docs/publish.md",
    )
    parser.set_defaults(run=_publish)


def _publish(options: argparse.Namespace) -> int:
    try:
        from .publish import publish  # noqa: PLC0415 - needs the optional package aiomqtt
        from .sink.mqtt import load_config  # noqa: PLC0415
    except ImportError as err:
        raise CustomerInterfaceError(
            f"{err.name} is missing: pip install customer-interface[mqtt]"
        ) from err
    asyncio.run(publish(*load_config(options.config, catalogue.load())))
    return EXIT_READ


# --- simulate -------------------------------------------------------------------------------------------------------


def _add_simulate(commands: Any) -> None:
    parser = commands.add_parser("simulate", help="be a meter on a port")
    parser.add_argument(
        "--operator", required=True, metavar="ID", help="grid operator, see `operators`"
    )
    parser.add_argument(
        "--meter", required=True, metavar="ID", help="meter, see `operators`"
    )
    parser.add_argument(
        "--port",
        default="pty",
        metavar="pty|tcp:PORT|rfc2217:PORT",
        help="where (default: pty)",
    )
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="X", help="run X times faster"
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="another household (default: 1)"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="a fault to show, see the docs",
    )
    parser.add_argument(
        "--stick",
        metavar="NAME",
        help="the radio stick that hears the meter: im871a, amb8465, cul, rc1180, rtl_wmbus",
    )
    parser.add_argument(
        "--neighbours",
        type=int,
        default=0,
        metavar="N",
        help="wireless meters of others that the stick hears as well",
    )
    parser.add_argument(
        "--print-key", action="store_true", help="show the keys of this meter and end"
    )
    parser.set_defaults(run=_simulate)


def _speed(text: str) -> float:
    """Read a finite number above zero; argparse makes a sentence of what is raised."""
    speed = float(text)
    if not 0 < speed < float("inf"):
        raise ValueError(text)
    return speed


def _simulate(options: argparse.Namespace) -> int:
    from . import simulate  # noqa: PLC0415 - nobody else imports the simulators

    if options.print_key:
        for name, key in simulate.keys(options.operator, options.meter).items():
            print(f"{name}: {key}")
        return EXIT_READ
    asyncio.run(
        simulate.serve(
            options.operator,
            options.meter,
            options.port,
            speed=options.speed,
            seed=options.seed,
            faults=tuple(options.fault),
            stick=options.stick,
            neighbours=options.neighbours,
        )
    )
    return EXIT_READ


if __name__ == "__main__":
    sys.exit(main())
