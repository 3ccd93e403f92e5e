"""Everything that makes the demo model: its data, tokenizer, training and held-out evaluation."""
