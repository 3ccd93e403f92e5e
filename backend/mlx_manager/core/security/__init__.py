"""What proves who somebody is: principals, API keys, passwords, tokens and secrets. No HTTP, no database."""
