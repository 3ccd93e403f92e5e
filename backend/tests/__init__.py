"""Tests of both programs."""
