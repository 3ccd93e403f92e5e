"""The revisions. They spell their tables out and import nothing of ours."""
