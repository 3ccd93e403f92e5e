"""Who may call, for both programs: hosts, origins, proxies, credentials, and which routes want what."""
