"""What the command line can do, a module for each: requests in, (pieces of text, exit code) out."""
