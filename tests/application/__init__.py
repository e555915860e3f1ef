"""Application layers."""
