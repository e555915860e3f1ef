"""Where readings go without Home Assistant."""
