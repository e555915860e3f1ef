"""Marks for none that are not the standard's: totals of billing dates and months that have not been yet.

Engelmann, GWF and Zenner send FF FF FF FF for a volume in litres, Itron FE FE FE FE for one or for an energy in kWh.
"""

from ....reading import Record

# VIF and data.
_NONE = ("13ffffffff", "06fefefefe", "13fefefefe")


def corrected(record: Record) -> Record:
    """Return a record without its value where that is a mark; what a meter shows now is never one."""
    if record.storage and record.raw.endswith(_NONE):
        return record._replace(value=None)
    return record
