"""What each endpoint does with each field, as data: the live tests try it, docs/conformance.md shows it."""
