"""Security layers: messages to plaintext."""
