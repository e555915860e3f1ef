"""What waits for a broker that is gone."""

from hypothesis import given, strategies as st

from customer_interface.sink.outbox import LONGEST, Letter, Outbox
from customer_interface.sink.topics import topic_of


def drain(outbox: Outbox, now: float) -> list[str]:
    """Send all that waits."""
    payloads = []
    while letters := outbox.first(3, now):
        assert len(letters) <= 3
        for letter in letters:
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
    letters = Letter("a", "1", 0), Letter("a", "2", 0)
    for letter in letters:
        outbox.put(letter)
    assert outbox.first(5, 1) == outbox.first(5, 1) == letters
    outbox.sent(letters[0])
    assert outbox.first(5, 1) == letters[1:]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 20), st.booleans())))
def test_rule(steps: list[tuple[str, float, bool]]) -> None:
    """Whatever comes and goes: what waits is of the last minute or the newest of its topic, oldest first."""
    outbox, now = Outbox(), 0.0
    model: list[Letter] = []
    for topic, later, sends in steps:
        now += later
        letter = Letter(topic, "x", now)
        outbox.put(letter)
        model.append(letter)
        newest = {kept.topic: kept for kept in model}
        model = [k for k in model if now - k.at <= LONGEST or newest[k.topic] is k]
        waiting = outbox.first(1000, now)
        assert sorted(map(id, waiting)) == sorted(map(id, model))
        times = [kept.at for kept in waiting]
        assert times == sorted(times)
        if sends:
            outbox.sent(model.pop(0))


def test_topics() -> None:
    """What MQTT gives a meaning of its own does not come from a meter."""
    assert topic_of("a/+#\0 b", "reading") == "smart_meter/a_____b/reading"
