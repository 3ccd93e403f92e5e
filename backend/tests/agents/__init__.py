"""Two turns of each coding agent and SDK, in the shapes that they send: their words are ours, and few."""
