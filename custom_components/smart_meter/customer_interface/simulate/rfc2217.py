"""The access server's side of RFC 2217: telnet (RFC 854) with the COM-PORT option, bytes in, bytes out.

IAC SB 44 command value IAC SE      command 0-12 from the client, 100 more in the answer
"""

from copy import replace

from ..line import LineSettings, Parity

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
BINARY, ECHO, SUPPRESS_GO_AHEAD, COM_PORT = 0, 1, 3, 44
_OPTIONS = frozenset({BINARY, ECHO, SUPPRESS_GO_AHEAD, COM_PORT})
_PARITIES = {1: Parity.NONE, 2: Parity.ODD, 3: Parity.EVEN}
SIGNATURE, BAUD, DATA_SIZE, PARITY, STOP_SIZE, CONTROL = range(6)
MODEM_STATE_MASK = 11
NOTIFY_MODEM_STATE = 107
_ANSWER = 100
# SET-CONTROL: what is asked (0, 4, 7, 10, 13) is answered with the state, what is set with itself.
_PINS = {8: ("dtr", True), 9: ("dtr", False), 11: ("rts", True), 12: ("rts", False)}
_CARRIER, _DATA_SET_READY, _CLEAR_TO_SEND = 0x80, 0x20, 0x10
_LONGEST = 512


class ComPort:
    """One client's port: its line settings, its pins, and the telnet dialogue."""

    def __init__(self) -> None:
        """Begin with what a port is set to before anybody asks."""
        self.line = LineSettings(9600)
        self.pins = {"dtr": False, "rts": False}
        self._held = b""
        self._agreed: set[tuple[int, int]] = set()

    def feed(self, received: bytes) -> tuple[bytes, bytes]:
        """Take bytes from the client; return the data among them, and what to answer."""
        rest, data, answer = self._held + received, bytearray(), bytearray()
        while rest:
            plain, mark, after = rest.partition(b"\xff")
            data += plain
            command = mark + after
            size = _command_size(command)
            if size is None:
                break
            data += b"\xff" if command[1:2] == b"\xff" else b""
            answer += self._obey(command[:size])
            rest = command[size:]
        else:
            command = b""
        self._held = command[:_LONGEST]
        return bytes(data), bytes(answer)

    def _obey(self, command: bytes) -> bytes:
        match command[1:2]:
            case b"\xfd" | b"\xfb":
                return self._agree(command[1], command[2])
            case b"\xfa" if command[2] == COM_PORT:
                content = command[3:-2].replace(b"\xff\xff", b"\xff")
                return self._set(content[0], content[1:]) if content else b""
        return b""

    def _agree(self, verb: int, option: int) -> bytes:
        if (verb, option) in self._agreed:
            return b""
        self._agreed.add((verb, option))
        yes, no = (WILL, WONT) if verb == DO else (DO, DONT)
        return bytes((IAC, yes if option in _OPTIONS else no, option))

    def _set(self, command: int, value: bytes) -> bytes:
        number = int.from_bytes(value[:4], "big")
        match command:
            case 0:
                return com_port(_ANSWER, b"Smart Meter simulator")
            case 1:
                self.line = (
                    replace(self.line, baud=number)
                    if 50 <= number <= 4_000_000
                    else self.line
                )
                return com_port(_ANSWER + BAUD, self.line.baud.to_bytes(4, "big"))
            case 2:
                self.line = (
                    replace(self.line, data_bits=number)
                    if number in (7, 8)
                    else self.line
                )
                return com_port(_ANSWER + DATA_SIZE, bytes((self.line.data_bits,)))
            case 3:
                self.line = replace(
                    self.line, parity=_PARITIES.get(number, self.line.parity)
                )
                code = next(
                    code
                    for code, parity in _PARITIES.items()
                    if parity is self.line.parity
                )
                return com_port(_ANSWER + PARITY, bytes((code,)))
            case 4:
                self.line = (
                    replace(self.line, stop_bits=number)
                    if number in (1, 2)
                    else self.line
                )
                return com_port(_ANSWER + STOP_SIZE, bytes((self.line.stop_bits,)))
            case 5:
                return com_port(_ANSWER + CONTROL, bytes((self._control(number),)))
            case 11:
                state = bytes((_CARRIER | _DATA_SET_READY | _CLEAR_TO_SEND,))
                return com_port(_ANSWER + MODEM_STATE_MASK, value[:1]) + com_port(
                    NOTIFY_MODEM_STATE, state
                )
            case 10 | 12:
                return com_port(_ANSWER + command, value[:1])
        return b""

    def _control(self, code: int) -> int:
        if code in _PINS:
            name, state = _PINS[code]
            self.pins[name] = state
        asked = {
            0: 1,
            4: 6,
            7: 8 if self.pins["dtr"] else 9,
            10: 11 if self.pins["rts"] else 12,
            13: 14,
        }
        return asked.get(code, code)


def com_port(command: int, value: bytes) -> bytes:
    """Return a COM-PORT subnegotiation."""
    return bytes((IAC, SB, COM_PORT, command)) + escaped(value) + bytes((IAC, SE))


def escaped(data: bytes) -> bytes:
    """Double each IAC among data."""
    return data.replace(b"\xff", b"\xff\xff")


def _command_size(command: bytes) -> int | None:
    """Return how many bytes the telnet command at the start takes, None while it is incomplete."""
    if not command:
        return 0
    if len(command) < 2:
        return None
    if command[1] in (WILL, WONT, DO, DONT):
        return 3 if len(command) >= 3 else None
    if command[1] != SB:
        return 2
    end = 2
    while (end := command.find(b"\xff", end)) >= 0 and end + 1 < len(command):
        if command[end + 1] == SE:
            return end + 2
        end += 2
    return None
