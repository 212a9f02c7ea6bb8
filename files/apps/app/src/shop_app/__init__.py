"""The sample service of the app tier: items in a PostgreSQL database, over HTTP."""
