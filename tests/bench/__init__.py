"""How long a run takes, against Terraform with the same resources on the same emulator (`make bench`)."""
