"""What this installation is: its versions, its licences, and what its doctor finds."""
