"""Reads a course as its author wrote it (docs/authoring.md) into `courses.rules` values, and says all that is wrong, where, and how
to mend it. Part of the rules room: no database, no web, no clock; `package_files` alone looks at the disk."""
