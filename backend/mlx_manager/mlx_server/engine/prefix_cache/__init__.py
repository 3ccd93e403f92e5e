"""What a model computed for prompts, kept for the next one: a token trie in memory, a disk tier behind it."""
