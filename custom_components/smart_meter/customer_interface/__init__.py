"""Reads the customer interface of smart meters: bytes in, readings and faults out. Knows no Home Assistant."""
