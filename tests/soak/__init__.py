"""Days of meter time in minutes: every row of the catalogue on a bad line, in virtual time (script/soak)."""
