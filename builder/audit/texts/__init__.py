"""What the texts of a version must not hold: keys, paths of one machine, personal data.

values          every text of every column, and how a finding names their rows
secrets         keys and tokens by their `secret_patterns` and by the environment; paths
personal_data   e-mail addresses and phone numbers
"""
