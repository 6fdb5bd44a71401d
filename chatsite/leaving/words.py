"""What stands in an archive beside the data."""

README = """\
What {site} has of your account, on {day}.

Each file is JSON: a list, with one record a line. Times are UTC. Ids and sealed bytes are in
hexadecimal digits. "Sealed" means: encrypted in your browser. The server cannot open it.

account.json       your names, your settings, your mail address if you gave one, when you were
                   last here
devices.json       browsers that you signed in with, and their public keys
sessions.json      where you are signed in now
device_list.json   the list of your devices, as your own key signed it
vault.json, factors.json, keys.json, earlier_keys.json
                   your keys, sealed by your password and your recovery code
notes.json         private names and marks of your contacts, sealed
invites.json       links that you made; the server does not know the links themselves
files.json         pictures and files that you sent: sizes and dates
contacts.json      whom you are connected with, and how far each of you read
messages/          one file for each conversation: when something was sent, by which of you, how
                   large it is. Messages that you cleared are among them.
reports.json       reports that you made; what you wrote in them is sealed to those who read them
decisions.json     what those who run the site decided about your account, and your appeals

What is not here: the texts of messages, pictures and files. The server has them sealed and cannot
open them; your browsers show them. What is left of your password here is good for one thing, to
compare with; it is not in this archive, as no other secret of the server is. The logs of the server
hold addresses of networks for a while and are not sorted by people.
"""
