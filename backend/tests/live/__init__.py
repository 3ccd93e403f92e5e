"""Tests that talk to a real server with real workers, over HTTP and with signals."""
