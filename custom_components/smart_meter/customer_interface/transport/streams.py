"""What has come so far of messages that come in parts: bounded in number, and given up when the rest stays away."""

from ..reading import Fault

MOST_STREAMS = 8


class Stream:
    """One message; `lost` while the rest of a broken one passes by, `over` when its last part came."""

    def __init__(self, since: float, lost: bool = False, over: bool = False) -> None:
        """Begin at this time in seconds."""
        self.since = since
        self.lost = lost
        self.over = over

    @property
    def waiting(self) -> bool:
        """Whether a part is missing yet."""
        return not (self.lost or self.over)


class Streams[KeyT, StreamT: Stream](dict[KeyT, StreamT]):
    """Messages by where they come from, the one that was longest without news first."""

    def __init__(self, late: float, missing: Fault, most: int = MOST_STREAMS) -> None:
        """Give up what got nothing for longer than `late` seconds with the fault `missing`; keep at `most` so many."""
        super().__init__()
        self._late = late
        self._missing = missing
        self._most = most

    def keep(self, key: KeyT, stream: StreamT) -> None:
        """Take a message in, and forget another where there are too many."""
        self.pop(key, None)
        self[key] = stream
        if len(self) > self._most:
            del self[next(iter(self))]

    def expire(self, at: float) -> list[Fault]:
        """Give up what is late; infinity gives up everything."""
        if not self:
            return []
        late = [key for key, stream in self.items() if at - stream.since > self._late]
        return [self._missing for key in late if self.pop(key).waiting]
