"""The house: sign-in, agencies, people, records, results and reports. It knows nothing of what is taught in it."""

__version__ = "0.5.0"
