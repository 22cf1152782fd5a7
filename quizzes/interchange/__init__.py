"""Question files in and out, one format a file; pure."""
