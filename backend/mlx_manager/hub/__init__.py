"""Models on Hugging Face, or on a mirror of it: searched, and looked at before they are downloaded."""
