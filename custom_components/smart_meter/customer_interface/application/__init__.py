"""Application layers: plaintext to values."""
