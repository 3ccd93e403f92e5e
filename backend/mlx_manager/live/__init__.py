"""Everything that a page shows as it happens, in one stream: browsers open six connections to a host."""
