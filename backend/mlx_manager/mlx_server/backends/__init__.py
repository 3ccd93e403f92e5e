"""Where tokens come from: a local worker process now, remote APIs later, all behind one protocol."""
