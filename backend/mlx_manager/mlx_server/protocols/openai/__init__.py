"""What OpenAI's endpoints have in common: the error envelope, sampling fields, usage, the model list."""
