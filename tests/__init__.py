"""Tests of Smart Meter; the folders are those of what is tested."""
