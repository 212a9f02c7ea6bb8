-- So that the first request returns something.
INSERT INTO items (name) VALUES ('A cup'), ('A plate'), ('A spoon');
