"""The checks of notebook 06."""
