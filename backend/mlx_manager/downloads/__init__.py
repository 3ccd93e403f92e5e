"""Models on their way from the hub into the Hugging Face cache: queued, fetched, verified, published."""
