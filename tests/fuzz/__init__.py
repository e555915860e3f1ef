"""Fuzz targets, `fuzz_<module>.py` each with `fuzz(data: bytes) -> None`, and what runs them (script/fuzz)."""
