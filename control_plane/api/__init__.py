"""The centre's gRPC: enrolment port and agents port."""
