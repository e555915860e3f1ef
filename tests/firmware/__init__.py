"""Tests of the dongle's firmware."""
