// Modules that wait until somebody needs them.

/** `code` is for ui/explain.js. */
class NotLoaded extends Error {
  code = "not_loaded";
}

/**
 * Loads once; what failed is loaded again at the next call, for the network may be back.
 * @template T
 * @param {() => Promise<T>} load
 * @returns {() => Promise<T>} rejects with code `not_loaded`
 */
export function onDemand(load) {
  /** @type {Promise<T> | undefined} */
  let loading;
  return () => {
    loading ??= load().catch((cause) => {
      loading = undefined;
      throw new NotLoaded("a module did not load", { cause });
    });
    return loading;
  };
}
