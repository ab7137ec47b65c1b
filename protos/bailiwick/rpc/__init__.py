"""gRPC glue for both ends of the link: credentials, options, peers, errors, deadlines, back-off."""
