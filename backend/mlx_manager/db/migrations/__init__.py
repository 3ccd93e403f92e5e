"""The schema's history: one file for each revision, which never changes once it has been released."""
