"""Detection: whatever bytes at whatever settings, it comes to an end and sends nothing but E5."""

from customer_interface import catalogue, simulate
from customer_interface.session.acknowledged import ACKNOWLEDGE
from customer_interface.session.base import Send, SetLine
from customer_interface.session.detect import TRIALS, DetectSession, Trial
from tests.fuzz.conversation import NOON, converse

KNOWN = catalogue.load()
LINES = {trial.line for trial in TRIALS}
# A search of seconds is as good as one of minutes.
QUICK = tuple(Trial(trial.line, trial.patience / 60) for trial in TRIALS)
SEEDS = tuple(
    b"\x1f" + simulate.simulator(*row).telegram(NOON)
    for row in (
        ("netz-noe", "kaifa-ma309m"),
        ("wiener-netze", "iskra-am550"),
        ("netz-ooe", "siemens-td3511"),
        ("nl-p1", "dsmr-5"),
        ("de-sml", "sml-meter"),
        ("energienetze-steiermark", "sagemcom-t210d"),
    )
)


def fuzz(data: bytes) -> None:
    """The first byte is the rhythm."""
    if not data:
        return
    session = DetectSession(KNOWN, QUICK)
    for output in converse(session, data[0], data[1:]):
        if isinstance(output, Send):
            assert output.data == ACKNOWLEDGE
        if isinstance(output, SetLine):
            assert output.line in LINES
    assert session.finding or session.progress < len(QUICK)
