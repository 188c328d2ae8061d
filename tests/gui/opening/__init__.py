"""Tests of `gui/opening`."""
