"""What waits for a broker that is gone."""

from hypothesis import given, strategies as st

from customer_interface.sink.outbox import LONGEST, Letter, Outbox
from customer_interface.sink.topics import topic_of


def drain(outbox: Outbox, now: float) -> list[str]:
    """Send all that waits."""
    payloads = []
    while (letter := outbox.next(now)) is not None:
        payloads.append(letter.payload)
        outbox.sent(letter)
    return payloads


def test_sixty_seconds_then_the_newest() -> None:
    """Readings of the last minute wait; of those before only the newest of each meter."""
    outbox = Outbox()
    outbox.put(Letter("b", "old of another meter", 0))
    for at in range(0, 200, 10):
        outbox.put(Letter("a", str(at), at))
    assert drain(outbox, 190) == [
        "old of another meter",
        *map(str, range(130, 200, 10)),
    ]
    outbox.put(Letter("a", "1", 200))
    outbox.put(Letter("a", "2", 201))
    assert drain(outbox, 900) == ["2"]


def test_what_was_not_sent_stays() -> None:
    """A message is only taken out once it was sent."""
    outbox = Outbox()
    outbox.put(Letter("a", "1", 0))
    assert outbox.next(1) == outbox.next(1) == Letter("a", "1", 0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 20)), max_size=60))
def test_bounded(letters: list[tuple[str, float]]) -> None:
    """Whatever comes, what waits is of the last minute or the newest of its topic."""
    outbox, now = Outbox(), 0.0
    for topic, later in letters:
        now += later
        outbox.put(Letter(topic, "x", now))
        old = [letter.topic for letter in outbox._letters if now - letter.at > LONGEST]
        assert len(old) == len(set(old))


def test_topics() -> None:
    """What MQTT gives a meaning of its own does not come from a meter."""
    assert topic_of("a/+#\0 b", "reading") == "smart_meter/a_____b/reading"
