"""`POST /tokenize`, `/detokenize`, `/apply-template`: what a prompt becomes, for those who debug prompts."""
