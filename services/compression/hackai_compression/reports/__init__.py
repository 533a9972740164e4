"""What people see: a page, a table, a JSON file."""
