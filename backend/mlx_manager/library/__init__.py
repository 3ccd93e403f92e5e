"""The models that are installed: what they are, whether they fit, how they are deleted and verified."""
