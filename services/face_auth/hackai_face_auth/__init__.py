"""Only known faces control the system: enrolment, liveness, recognition, signed sessions."""
