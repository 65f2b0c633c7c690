"""What the service does to sound: jobs in child processes, listening files, and the warm room for previews.

Imports the engine and what is below it, never Django.
"""
