"""Tests of the app that flashes the dongle."""
