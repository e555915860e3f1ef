"""Sessions on real ports."""
