"""Telling an inverted line by its bytes: what a port makes of swapped levels keeps a trace of the true framing.

    true line      0 b0 b1 ... b7 1 | 0 b0 b1 ... b7 1       start bit low, stop bit high, ten bits each (8N1, 7E1)
    inverted       1 /b0  ...  /b7 0 | 1 /b0  ...  /b7 0     so every ten bits a low one is followed by a high one

The port takes any falling edge for a start bit, so its bytes are cut elsewhere, with 0 or more high bits between them that
it does not deliver. If there is a way to lay the true frames below a hundred bytes in a row, the line is inverted: noise
fits for some dozens at the most. EIA-232 asynchronous framing.
"""

_FRAME = 10
_STOP, _START = _FRAME - 1, 0
_ANYWHERE = frozenset(range(1, _FRAME))
_ENOUGH = 96
_VARIETY = 16  # a short pattern that repeats may fit by chance, again and again


def looks_inverted(data: bytes) -> bool:
    """Tell whether so many bytes in a row, received without parity, can be an inverted line that it is one.

    Text could be either way round, and is taken to be what it reads.
    """
    if len(set(data)) < _VARIETY:
        return False
    if sum(32 <= byte < 127 or byte in b"\r\n" for byte in data) > len(data) * 0.8:
        return False
    phases, run = _ANYWHERE, 0
    for byte in data:
        phases = frozenset(
            start
            for phase in phases
            if _fits(byte, phase)
            for start in _next_starts(phase)
        )
        run = run + 1 if phases and byte else 0
        if run >= _ENOUGH:
            return True
        # A pause between true bytes, or a break, ends the trace; another may begin.
        phases = phases if run else _ANYWHERE
    return False


def _fits(byte: int, phase: int) -> bool:
    """Tell whether start bit and data bits, the first at this bit of the true frame, leave its stop low, start high."""
    levels = byte << 1
    stop, start = (_STOP - phase) % _FRAME, (_START - phase) % _FRAME
    return not (stop < _STOP and levels >> stop & 1) and (
        start == _STOP or bool(levels >> start & 1)
    )


def _next_starts(phase: int) -> range:
    """Return where the next falling edge may lie: from the stop bit on, but not behind the true frame's own."""
    return range(max((phase + _STOP) % _FRAME, 1), _FRAME)
