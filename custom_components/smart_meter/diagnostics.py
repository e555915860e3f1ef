"""Diagnostics: all that helps to understand, nothing that tells key, meter number or consumption."""
