"""Reading a roster as personnel offices really send it: where the header is, which rows are people, what their cells mean, and what
entering them would change. Nothing here touches the database."""
