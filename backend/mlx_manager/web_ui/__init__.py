"""The web UI: pages that are built from `frontend/` into `static/`, and served as they are."""
