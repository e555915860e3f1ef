"""Named tuples that cost little to declare: the library declares a hundred whenever all of it is loaded.

In Python 3.14 `typing.NamedTuple` takes 140 µs for each, and loads `annotationlib` and `ast`, to look at annotations
whose names may not be known yet. Here they are known, and nothing is needed but what the fields are called: 40 µs.
What is only known later, such as the class itself, an annotation names by a `type` alias, which nothing evaluates.
"""

from collections import namedtuple
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Maker(type):
        """Makes a named tuple of each class that has `NamedTuple` as its base."""

        def __new__(
            cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]
        ) -> type:
            """Return the named tuple; raises NameError where an annotation is not known yet."""
            declared = super().__new__(cls, name, bases, namespace)
            if not bases:
                return declared
            fields = tuple(declared.__annotations__)
            defaults = [namespace.pop(field) for field in fields if field in namespace]
            made = namedtuple(name, fields, defaults=defaults)  # noqa: PYI024 - this is what makes typing's
            for key, member in namespace.items():
                setattr(made, key, member)
            return made

    class NamedTuple(metaclass=_Maker):
        """What `typing.NamedTuple` is, and what type checkers take it for."""
