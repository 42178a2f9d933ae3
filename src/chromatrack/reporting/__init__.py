"""Tables, plots and the page that show the results."""
