"""Tests of the radio sticks."""
