"""What the record store's requests cost beside a floor and beside another store."""
