"""What staff see and decide, and the log of what they did. It holds no key of a message."""
