"""Commands: the options of the command line, what commands print, and errors as messages with exit codes.

`cli.py` says which command takes which options and which function it calls. Importing this room imports nothing heavy.
"""
