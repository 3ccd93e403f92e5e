"""Coming in: the first administrator, registering, signing in, sessions and passwords."""
