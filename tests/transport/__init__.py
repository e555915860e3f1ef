"""Transport layers."""
