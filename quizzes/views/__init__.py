"""Pages: `rounds` and `attempts` for those who sit, `manage` for those who organise; `words` has what they share."""
