"""Random lives of a domain, held against the model of the contract at each step."""
