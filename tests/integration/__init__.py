"""Tests of the integration: bytes on a port go in, states of a real Home Assistant come out."""
