"""Tests of source/."""
