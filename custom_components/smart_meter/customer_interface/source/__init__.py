"""Where bytes come from: serial and network URLs, recordings."""
