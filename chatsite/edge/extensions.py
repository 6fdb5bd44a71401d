"""What the door can do for an application beyond ASGI. A scope's `extensions` names it."""

# The next `count` bytes of an answer, which wait in the socket `source`: they go on without passing
# through this process. The message ends when the client's socket has taken all of them.
SPLICE = "http.response.splice"
