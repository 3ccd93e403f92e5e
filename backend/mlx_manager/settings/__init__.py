"""The settings of both programs: what each is, which source won, and changing it."""
