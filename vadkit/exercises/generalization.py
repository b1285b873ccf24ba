"""The checks of notebook 03."""
