"""A local stand-in for AWS: moto's server, its gaps filled, and AWS's refusals added."""
