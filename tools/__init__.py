"""What the Makefile calls: setting a machine up, timing the parts of a test run, ansible-test's sanity tests."""
