// What another browser of the same person changed: devices, switches, the address for resets.

import { bus } from "../tabs/bus.js";

/**
 * Asks again when the server says that something changed, and after a break in which it could not.
 * @param {() => unknown} load
 */
export function onAccountNews(load) {
  let broken = false;
  for (const event of /** @type {const} */ (["settings", "own_list"])) bus.on(event, () => void load());
  bus.on("status", ({ state }) => {
    if (state === "live" && broken) void load();
    broken = state === "waiting" || (broken && state !== "live");
  });
}
