"""Transport layers: frames to whole messages."""
