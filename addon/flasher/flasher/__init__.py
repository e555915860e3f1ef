"""The app that writes the adapter dongle's firmware over a serial port of the Home Assistant machine."""
