"""What tests with packets share: a cluster in the lab, its traffic, and waiting with a deadline."""
