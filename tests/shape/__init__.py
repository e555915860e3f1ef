"""Tests of what reads telegrams of a known shape at once."""
