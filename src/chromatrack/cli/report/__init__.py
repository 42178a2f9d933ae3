"""Commands that make the page, its tables and its figures."""
