"""Tests of the catalogue of grid operators and meters."""
