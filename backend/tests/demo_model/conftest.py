"""Puts the repository root on the path, for the scripts that made the model."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
