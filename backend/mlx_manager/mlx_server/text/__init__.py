"""Between text and tokens: templates, tokenizer, detokenizer, stop strings, reasoning. No MLX."""
