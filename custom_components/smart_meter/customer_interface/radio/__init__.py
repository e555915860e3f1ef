"""Radio sticks: a stick's own serial protocol to radio frames, one module a stick."""

from collections.abc import Callable

from .amb8465 import Amb8465
from .base import Answer, Command, Heard, Item, Stick
from .cul import Cul
from .im871a import Im871a
from .rc1180 import Rc1180
from .rtl_wmbus import RtlWmbus

__all__ = [
    "MODES",
    "STICKS",
    "USUAL_MODE",
    "Answer",
    "Command",
    "Heard",
    "Item",
    "Stick",
]

# Radio modes of EN 13757-4 a stick can be set to; `ct` is C and T together.
MODES = ("ct", "t", "c", "s")
USUAL_MODE = "ct"

# By name; each is made with the radio mode it is to receive.
STICKS: dict[str, Callable[[str], Stick]] = {
    "im871a": Im871a,
    "amb8465": Amb8465,
    "cul": Cul,
    "rc1180": Rc1180,
    "rtl_wmbus": RtlWmbus,
}
