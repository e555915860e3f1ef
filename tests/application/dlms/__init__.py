"""Tests of DLMS/COSEM data."""
