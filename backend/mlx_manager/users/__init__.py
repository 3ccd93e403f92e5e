"""Users: who there is, what they may do, and how they are let in."""
