const HOME = "/chats";

/**
 * Where to go after signing in: ?next= when it is an address of this site, else the chats.
 * @param {URL | Location} here
 */
export function nextAddress(here) {
  const wanted = new URLSearchParams(here.search).get("next");
  if (!wanted?.startsWith("/")) return HOME;
  const there = new URL(wanted, here.origin);
  return there.origin === here.origin ? there.pathname + there.search + there.hash : HOME;
}

/** Hands ?next= on from sign-in to sign-up and back. */
export function keepNext() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("a[data-keep-next]"));
  for (const link of links) link.search = location.search;
}
