"""The command line: parse, call a stage, turn known errors into one sentence."""
