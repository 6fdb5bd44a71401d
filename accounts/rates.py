"""The rate limits of this app."""

from chatsite.edge.limits import DAY, HOUR, Limit

START = Limit("start", 120, HOUR)  # by address; the fake answers give nothing to collect
SIGN_IN = Limit("sign-in", 120, HOUR)  # by address; the account's own limit is `attempt`
SIGN_UP_START = Limit("sign-up-start", 60, HOUR)  # by address; it tells which names are taken
SIGN_UP = Limit("sign-up", 20, HOUR)  # by address; a household or a classroom shares one
RESET_START = Limit("reset-start", 20, HOUR)  # by address; each may send a mail
RESET = Limit("reset", 60, HOUR)  # by address; tokens cannot be guessed, but cost a look
RESET_MAILS = Limit("reset-mails", 3, DAY)  # by account; so that no mailbox is filled
EMAIL = Limit("email", 10, HOUR)  # by account; codes mailed, and codes tried
EMAIL_TO = Limit("email-to", 5, DAY)  # by mail address
STANDING = Limit("standing", 120, HOUR)  # by address
LIVE_TOKEN = Limit("live-token", 240, HOUR)  # by account; one a reconnect, one in ten minutes
PAGES = Limit("pages", 1_200, HOUR)  # by account; a long one counts as several
NOTES = Limit("notes", 600, HOUR)  # by account; all of them, with each list of connections
DIRECTORY = Limit("directory", 600, HOUR)  # by account; reads of lists, and strangers asked for
