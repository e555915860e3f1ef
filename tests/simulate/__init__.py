"""Tests of the simulated meters and of the line they hang on."""
