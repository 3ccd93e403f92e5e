"""How models write calls: a declaration of marks, a reader, and a grammar."""
