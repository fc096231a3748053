"""What the site does with a signal of the app: it writes to a host whose booking has got its link."""
