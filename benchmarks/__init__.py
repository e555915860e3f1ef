"""Ours and the installed peers side by side: speed, import, memory, and what a telegram costs Home Assistant."""
