"""A meter of every row of the catalogue, and the line it hangs on."""
