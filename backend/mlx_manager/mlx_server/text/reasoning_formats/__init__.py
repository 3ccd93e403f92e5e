"""How models write their reasoning: a declaration of marks, a detection, and a splitter for each family."""
