"""Conversations that users keep: what was said, by whom, and the answers that are being written."""
