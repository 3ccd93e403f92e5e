"""The small real model that ships with the package."""
