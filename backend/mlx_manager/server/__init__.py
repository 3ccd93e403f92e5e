"""The inference server as the manager sees it: its process, its log, and how it is asked."""
