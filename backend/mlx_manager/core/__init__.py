"""What every part may use and what imports nothing of ours: paths, settings, logging, errors, ports."""
