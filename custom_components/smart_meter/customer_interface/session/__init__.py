"""Sessions: who speaks when, sans-I/O."""
