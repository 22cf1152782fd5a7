"""Ground floor: one subject per file, used by everything above, using nothing above."""
