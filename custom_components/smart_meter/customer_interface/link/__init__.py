"""Link layers: bytes to frames, one module a link."""
