"""One function per step of the workflow: reads files, calls the library, writes files whole."""
