"""Forms of the pages of tests, a file for each subject."""
