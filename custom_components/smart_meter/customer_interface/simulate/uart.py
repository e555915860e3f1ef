"""What a serial port makes of a line: bits at the sender's settings, sampled at the receiver's.

Like a 16550 behind Linux with its default input flags (no INPCK, no IGNPAR): a byte with a wrong parity bit is
delivered as it is, and so is one whose stop bit is missing; that bit is then taken as the next start bit. A break (all
bits low) is delivered as one zero byte, after which the receiver waits until the line rests. A start bit that is high
again in its middle is a glitch and ignored.
"""

from bisect import bisect_left

from ..line import LineSettings, Parity

_REST = 24  # bit times of rest around what is sent


def sample(
    data: bytes, sent: LineSettings, taken: LineSettings, *, inverted: bool = False
) -> bytes:
    """Return the bytes a port set to `taken` receives when `data` was sent at `sent`; `inverted` swaps the levels."""
    if sent == taken and not inverted:
        return data if sent.data_bits == 8 else bytes(byte & 0x7F for byte in data)
    return _receive(_levels(data, sent, inverted), sent.baud / taken.baud, taken)


def _levels(data: bytes, line: LineSettings, inverted: bool) -> list[int]:
    levels = [1] * _REST
    for byte in data:
        levels += _bits(byte, line)
    levels += [1] * _REST
    return [1 - level for level in levels] if inverted else levels


def _bits(byte: int, line: LineSettings) -> list[int]:
    bits = [byte >> n & 1 for n in range(line.data_bits)]
    odd = sum(bits) & 1
    parity = {Parity.NONE: [], Parity.EVEN: [odd], Parity.ODD: [1 - odd]}[line.parity]
    return [0, *bits, *parity, *[1] * line.stop_bits]


def _receive(levels: list[int], step: float, line: LineSettings) -> bytes:
    """Sample levels, one per bit time of the sender; `step` is the receiver's bit time in those of the sender."""
    falls = [n for n in range(1, len(levels)) if levels[n - 1] and not levels[n]]
    checked = line.data_bits + (line.parity is not Parity.NONE)
    received = bytearray()
    start = _first(falls, 0)
    while start is not None:
        if _level(levels, start + step / 2):
            start = _first(falls, start + step / 2)
            continue
        bits = [_level(levels, start + (1.5 + n) * step) for n in range(checked)]
        received.append(sum(bit << n for n, bit in enumerate(bits[: line.data_bits])))
        stop = start + (1.5 + checked) * step
        if _level(levels, stop) or not any(bits):
            start = _first(falls, stop)
        else:
            start = stop - step / 2 if stop < len(levels) else None
    return bytes(received)


def _first(falls: list[int], after: float) -> float | None:
    index = bisect_left(falls, after)
    return falls[index] if index < len(falls) else None


def _level(levels: list[int], position: float) -> int:
    return levels[min(int(position), len(levels) - 1)]
