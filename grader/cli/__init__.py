"""The command line: one module a command. Importing it costs nothing: heavy rooms are imported when a command runs."""
