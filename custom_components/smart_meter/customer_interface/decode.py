"""Telegrams from a file: what `customer-interface decode` does, as a function."""

from collections.abc import Iterator

from .catalogue import Profile, layouts
from .keys import KeyRing
from .link import SELF_EVIDENT
from .link.bare import BareLink
from .link.base import Found
from .link.wmbus import parse_raw
from .reading import Fault, Frame, Link, Reading
from .session.mep_replay import REQUEST_MISSING, replay
from .session.receiver import Receiver, context_of
from .source.recording import hex_lines, looks_recorded, read_recording
from .stack import Context

# A wireless frame is told by its own length and one of the C fields a meter sends (EN 13757-4, table 11).
_WIRELESS_CONTROLS = frozenset(
    {0x44, 0x46, 0x47, 0x48, 0x40, 0x43, 0x45, 0x08, 0x18, 0x28, 0x38}
)


def decode(
    data: bytes,
    keys: KeyRing,
    *,
    link: Link | None = None,
    profile: Profile | None = None,
    hex_text: bool = False,
) -> Iterator[Reading | Fault]:
    """Yield readings and faults of a file in the order of its telegrams.

    `data` is binary, hexadecimal text or a recording. Without a link or profile every link is tried that can be told
    by its bytes. Raises SourceError where hexadecimal text was promised and is none.
    """
    links = (link,) if link else profile.links if profile else SELF_EVIDENT
    if Link.MEP in links:
        yield from _conversation(data, keys)
        return
    receiver = Receiver(
        links, context_of(profile, keys) if profile else Context(keys, layouts())
    )
    if looks_recorded(data):
        yield from _replay(data, receiver)
        return
    lines = hex_lines(data, insist=hex_text)
    wireless = _wireless(lines or [data], link)
    if wireless is not None:
        yield from receiver.read(wireless, 0.0)
        return
    yield from receiver.receive(b"".join(lines) if lines else data, 0.0)
    yield from receiver.finish(0.0)


def _conversation(data: bytes, keys: KeyRing) -> Iterator[Reading | Fault]:
    """Read what a session and a meter said to each other."""
    if not looks_recorded(data):
        yield REQUEST_MISSING
        return
    recorded = read_recording(data)
    yield from replay(((r.direction, r.data, r.time) for r in recorded), keys)


def _replay(data: bytes, receiver: Receiver) -> Iterator[Reading | Fault]:
    last = 0.0
    for recorded in read_recording(data):
        last = recorded.time
        if recorded.direction == "rx":
            yield from receiver.receive(recorded.data, recorded.time)
    yield from receiver.finish(last)


def _wireless(lines: list[bytes], link: Link | None) -> list[Frame | Fault] | None:
    """Return wireless frames, one a line, where the link says so or every line looks like one."""
    if link is Link.WMBUS or (link is None and all(map(_looks_wireless, lines))):
        return [parse_raw(line) for line in lines]
    return None


def _looks_wireless(line: bytes) -> bool:
    return (
        len(line) > 10
        and line[1] in _WIRELESS_CONTROLS
        and line[0] + 1 <= len(line) <= (line[0] + 1) * 5 // 4 + 4
        and not _is_apdu(line)
    )


def _is_apdu(line: bytes) -> bool:
    """Whether a line is one APDU by its own length: the DB 08 of a ciphered one would pass for length and C field."""
    found = BareLink().look(line, 0)
    return isinstance(found, Found) and not found.tentative and found.end == len(line)
